"""The ground: errors, files, keys, machine, devices, progress, arrays, memory."""
