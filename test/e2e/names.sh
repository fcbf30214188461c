#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Services find each other by name, asleep or not, and reach servers outside.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up

cat > "$files/front.py" << 'PY'
import http.server, os, socket, urllib.request

class Front(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        answer = urllib.request.urlopen(os.environ["BACK"], timeout=20).read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

class Server(http.server.HTTPServer):
    address_family = socket.AF_INET6
Server(("::", int(os.environ["PORT"])), Front).serve_forever()
PY
mkdir "$files/www"
echo "from the back" > "$files/www/index.html"
{
	service back -- /usr/bin/python3 -m http.server --bind :: -d "$files/www" '$(PORT)'
	echo ---
	service front -- /usr/bin/env BACK=http://back.default.rouse/ /usr/bin/python3 "$files/front.py"
	echo ---
	service outside -- /usr/bin/env BACK="http://$(bracketed "$(client_address 1)"):9000/" /usr/bin/python3 "$files/front.py"
} | apply

check "a name resolves in a client" on client1 getent hosts front.default.rouse
check "a name resolves in the node" on node getent hosts front.default.rouse
check "one wakes the other by name" contains "$(fetch http://front.default.rouse/)" "from the back"
check "both run" has_instances back 1 Ready
on client1 /usr/bin/python3 -m http.server --bind :: -d "$files/www" 9000 > /dev/null 2>&1 &
check "a server in a client's namespace listens" wait_until 10 fetch -o /dev/null http://127.0.0.1:9000/
check "an instance reaches a server outside" contains "$(fetch http://outside.default.rouse/)" "from the back"
on node rouse delete service back | sed 's/^/# /'
check "the name goes with its service" wait_until 5 bash -c "! '$root/tools/lab' exec $lab client1 getent hosts back.default.rouse"
check_holds
