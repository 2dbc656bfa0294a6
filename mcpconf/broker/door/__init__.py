"""How clients come in: sockets, first lines, and the handshake on TCP."""
