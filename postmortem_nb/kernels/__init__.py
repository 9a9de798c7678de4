"""Kernels of this interpreter, started from nothing or forked from a process that has imported the stack.

`zygote` is that process, `nursery` the end of the wire that others hold, `provisioner` what jupyter_client starts such
a kernel through, and `engine` the papermill engine ``postmortem-warm``. What forks has done nothing but import, so
every kernel begins as one that was started from nothing. Importing this package is quick: papermill does so wherever
it is installed beside this one.
"""
