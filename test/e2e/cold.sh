#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# Real servers asleep answer their first request, however slowly they start, and go back to zero.
# families: 4 6
source "$(dirname "$0")/lib.sh"
lab_up --clients 2

cat > "$files/server.js" << 'JS'
require('http').createServer((request, response) => response.end('hello from node\n')).listen(process.env.PORT);
JS
cat > "$files/nginx.conf" << 'CONF'
daemon off;
pid /tmp/rouse-nginx-PORT.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path /tmp/rouse-nginx-body;
	proxy_temp_path /tmp/rouse-nginx-proxy;
	fastcgi_temp_path /tmp/rouse-nginx-fastcgi;
	uwsgi_temp_path /tmp/rouse-nginx-uwsgi;
	scgi_temp_path /tmp/rouse-nginx-scgi;
	server { listen [::]:8080 ipv6only=off; location / { return 200 "hello from nginx\n"; } }
}
CONF
mkdir "$files/www"
echo "hello from python" > "$files/www/index.html"

{
	service nginx -- /usr/sbin/nginx -e stderr -c "$files/nginx.conf"
	echo ---
	service python -- /usr/bin/python3 -m http.server --bind :: -d "$files/www" '$(PORT)'
	echo ---
	service node -- /usr/bin/node "$files/server.js"
	echo ---
	service slow -- "$files/stub" 1500
} | apply

for server in nginx python node; do
	check "$server is asleep" has_instances $server 0
	check "$server answers the first request" contains "$(fetch http://$server.default.rouse/)" "hello from $server"
	check "$server runs once" has_instances $server 1 Ready
	check "$server answers the next request" contains "$(fetch http://$server.default.rouse/)" "hello from $server"
	check "$server answers on its own port" contains "$(fetch http://$server.default.rouse:8080/)" "hello from $server"
	check "$server answers another client" contains "$(on client2 curl -sS -m 20 http://$server.default.rouse/)" "hello from"
	check "$server answers the node itself" contains "$(on node curl -sS -m 20 http://$server.default.rouse/)" "hello from"
done
# A start of one and a half seconds: the client's SYN is repeated once meanwhile, and must not cost a second more.
total=$(fetch -o /dev/null -w '%{time_connect}' http://slow.default.rouse/)
check "a slow start answers" at_most 1.5 "$total"
check "a request wakes from the node too" contains "$(on node curl -sS -m 20 http://slow.default.rouse/)" rrrr
check_holds
for server in nginx python node; do
	check "$server goes back to zero" wait_until 60 has_instances $server 0
done
check "nginx wakes a second time" contains "$(fetch http://nginx.default.rouse/)" "hello from nginx"
check "no connection was refused" equal "$(counter hold_reset)" 0
check_holds
