"""Measures Carrel against stock Jupyter: side by side, in one run, on one machine.

What is compared: the demo site's desk and engine as `make up` starts them, and a stock site
(`bench.stock`: JupyterHub, DockerSpawner and configurable-http-proxy at their defaults, with one image
that holds the very same wheels as Carrel's desk and engine). One client, `bench.server` and
`bench.kernel`, uses both as a browser does: through the proxy, with the cookies of a signed-in person,
speaking JupyterLab's own websocket protocol.

The figures that begin with "guard" compare two servers on this machine, one with the guard and one without
it and else the same (`bench.local_server`): what stands under stock is the one without.

How: the two take turns, and who goes first changes each round, so that what else the machine does
meets both alike. One unmeasured round warms both up. A figure is the median of its samples (or what
its name says), and what is judged is the ratio of Carrel's to stock's. Seconds and MiB are of the
machine that they were measured on; no test asserts one.

Each choice that had to be made favours stock. DockerSpawner keeps a stopped container by default, so
stock's later starts reuse one; Carrel makes its containers anew each time. Carrel's proxy and hub run in
containers behind a published port; stock's run on the machine itself.
"""
