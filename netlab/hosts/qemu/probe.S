# A boot sector that proves an accelerator: it enters 64-bit long mode (where broken ones hang), runs an instruction of BMI2
# where the processor has it (Linux unpacks itself with those; an accelerator that emulates them may stop there), then
# writes 0x10 to QEMU's isa-debug-exit port, which ends QEMU with exit code 0x21.
    .code16
    .globl _start
_start:
    cli
    xorw %ax, %ax
    movw %ax, %ds
    movw %ax, %es
    movw $0x1000, %di            # page tables at 0x1000-0x3fff: PML4, PDPT, PD
    movw $0x1800, %cx
    rep stosw
    movw $0x2003, 0x1000         # PML4[0] -> PDPT
    movw $0x3003, 0x2000         # PDPT[0] -> PD
    movw $0x0083, 0x3000         # PD[0]: one 2 MiB page, identity
    movl $0xa0, %eax             # CR4: PAE, PGE
    movl %eax, %cr4
    movl $0x1000, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx       # EFER.LME
    rdmsr
    orl $0x100, %eax
    wrmsr
    movl %cr0, %eax
    orl $0x80000001, %eax        # paging and protection at once: long mode
    movl %eax, %cr0
    lgdtw gdt_pointer
    ljmpw $8, $long_mode
    .code64
long_mode:
    xorl %eax, %eax
    cpuid
    cmpl $7, %eax                # the highest leaf
    jb 1f
    movl $7, %eax
    xorl %ecx, %ecx
    cpuid
    btl $8, %ebx                 # BMI2
    jnc 1f
    movl $5, %ecx
    shlxl %ecx, %ebx, %ebx
1:
    movw $0xf4, %dx
    movb $0x10, %al
    outb %al, %dx
2:  hlt
    jmp 2b
    .balign 8
gdt:
    .quad 0
    .quad 0x00209a0000000000     # 64-bit code
gdt_pointer:
    .word gdt_pointer - gdt - 1
    .long gdt
    .org 510
    .word 0xaa55
