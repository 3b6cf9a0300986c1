"""What netlab keeps on disk: described file by file, marked as in use, and put into place as a whole."""
