"""A dotfiles repository: who manages it, where it keeps our things, which rc files a shell reads. Pure."""
