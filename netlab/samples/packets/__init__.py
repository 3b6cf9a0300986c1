"""The kernels' record of one request per path (ftrace's text) → what each packet crossed, hop by hop."""
