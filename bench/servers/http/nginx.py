"""nginx, one worker in this process: a child says the port when it listens, and this process becomes nginx."""

import os
import shutil
import socket
import sys
import tempfile
import time

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]

folder = tempfile.mkdtemp(prefix="ropewalk-bench-nginx-")
configuration = os.path.join(folder, "nginx.conf")
location = 'return 200 "Hello, ropewalk!\\n";'
if sys.argv[1:] == ["static"]:
    location = f"root {folder}/static; sendfile on; tcp_nopush on;"
    os.mkdir(f"{folder}/static")
    for name, size in (("1k.html", 1_024), ("1m.bin", 1_048_576)):
        with open(f"{folder}/static/{name}", "wb") as file:
            file.write((b"hemp " * size)[:size])

with open(configuration, "w") as file:
    file.write(
        f"""
        daemon off; master_process off; pid {folder}/pid; error_log /dev/null;
        events {{ worker_connections 4096; }}
        http {{
          access_log off; keepalive_requests 1000000000; default_type "text/plain;charset=UTF-8";
          client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
          uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
          server {{ listen 127.0.0.1:{port}; location / {{ {location} }} }}
        }}
        """
    )

if os.fork() > 0:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    os.execv(nginx, ["nginx", "-c", configuration, "-e", "/dev/null"])

for _ in range(200):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            print(f"port {port}", flush=True)
            break
    time.sleep(0.01)
sys.stdin.read()
shutil.rmtree(folder)
