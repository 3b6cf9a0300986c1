"""Names of folders that programs' command lines and files could misread."""

AWKWARD = (
    "a, b",
    "a,,b,",
    "it's",
    'a "b" c',
    "größe",
    "100%h %",
    "back\\slash",
    "semi;colon & co",
    "dollar$HOME",
    "hash #1",
    "colon:x",
    "equals=x",
    "-dash",
)

ALL_AT_ONCE = 'a, b\'c "d" ü%h'
