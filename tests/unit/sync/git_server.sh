#!/bin/sh
# Serves DIR/*.git by smart HTTP: git_server.sh start DIR MAIN OTHER PLAIN | stop DIR
# MAIN: TLS 1.3 only, gzip. OTHER: TLS 1.2 and HTTP/2, logs what Authorization it was sent. PLAIN: http.
# What a path starts with says how it is served: see below. Own CA in DIR/ca.pem. Exit code 77 when a program is missing.
set -eu
PATH=$PATH:/usr/sbin:/sbin

# fcgiwrap's workers outlive it, so it leads a process group of its own.
stop() {
	if [ -s "$1/nginx.pid" ]; then kill "$(cat "$1/nginx.pid")" 2>/dev/null || true; fi
	if [ -s "$1/fcgiwrap.pid" ]; then kill -- "-$(cat "$1/fcgiwrap.pid")" 2>/dev/null || true; fi
	rm -f "$1/nginx.pid" "$1/fcgiwrap.pid"
}

certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=plumb test CA" \
		-keyout "$1/ca.key" -out "$1/ca.pem"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=another CA" \
		-keyout "$1/other.key" -out "$1/other-ca.pem"
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=localhost" -keyout "$1/server.key" -out "$1/server.csr"
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$1/server.ext"
	openssl x509 -req -in "$1/server.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 2 \
		-extfile "$1/server.ext" -out "$1/server.pem"
}

backend() {
	cat <<END
			include /etc/nginx/fastcgi_params;
			fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend;
			fastcgi_param GIT_PROJECT_ROOT $1;
			fastcgi_param GIT_HTTP_EXPORT_ALL 1;
			fastcgi_param PATH_INFO \$1;
			fastcgi_param REMOTE_USER \$remote_user;
			fastcgi_pass unix:$1/fcgi.sock;
END
}

# Says 503 the first time.
busy() {
	cat <<END
#!/bin/sh
if [ -e $1/ready ]; then exec "$(git --exec-path)/git-http-backend"; fi
: >$1/ready
printf 'Status: 503 Busy\r\nRetry-After: 1\r\n\r\n'
END
}

location() {
	printf '\t\tlocation ~ ^/%s(/.*)$ {\n\t\t\t%s\n%s\n\t\t}\n' "$1" "$2" "$(backend "$3")"
}

config() {
	dir=$1
	user=
	if [ "$(id -u)" = 0 ]; then user='user root;'; fi
	cat <<END
$user
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log;
events {}
http {
	log_format seen '\$request_method \$uri "\$http_authorization" \$connection';
	access_log $dir/access.log seen;
	client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3; uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
	client_max_body_size 32m;
	ssl_certificate $dir/server.pem;
	ssl_certificate_key $dir/server.key;
	server {
		listen 127.0.0.1:$2 ssl reuseport;
		ssl_protocols TLSv1.3;
		gzip on;
		gzip_proxied any;
		gzip_types application/x-git-upload-pack-advertisement;
$(location open '' "$dir")
$(location basic "auth_basic git; auth_basic_user_file $dir/htpasswd;" "$dir")
$(location slow 'limit_rate 20k;' "$dir")
$(location busy '' "$dir" | sed "s|\(SCRIPT_FILENAME\).*|\1 $dir/busy;|")
$(location limited 'add_header Retry-After 3600 always; return 429;' "$dir")
		location /forbidden { return 403; }
		location /broken { return 502; }
		location /html { default_type text/html; return 200 "<html>"; }
		location ~ ^/moved/(.*)\$ { return 301 https://127.0.0.1:$2/basic/\$1\$is_args\$args; }
		location ~ ^/to-http/(.*)\$ { return 302 http://127.0.0.1:$4/open/\$1\$is_args\$args; }
		location ~ ^/to-other/(.*)\$ { return 307 https://localhost:$3/open/\$1\$is_args\$args; }
		location ~ ^/to-locked/(.*)\$ { return 307 https://localhost:$3/basic/\$1\$is_args\$args; }
		location ~ ^/to-and-fro/(.*)\$ { return 307 https://localhost:$3/back/\$1\$is_args\$args; }
		location ~ ^/circle/(.*)\$ { return 302 /circle/\$1\$is_args\$args; }
		location ~ ^/to-page/ { return 302 /login; }
	}
	server {
		listen 127.0.0.1:$3 ssl http2 reuseport;
		ssl_protocols TLSv1.2;
		access_log $dir/other.log seen;
$(location open '' "$dir")
$(location basic "auth_basic git; auth_basic_user_file $dir/htpasswd;" "$dir")
		location ~ ^/back/(.*)\$ { return 307 https://127.0.0.1:$2/open/\$1\$is_args\$args; }
	}
	server {
		listen 127.0.0.1:$4 reuseport;
		location /settle { access_log off; return 204; }
$(location open '' "$dir")
$(location basic "auth_basic git; auth_basic_user_file $dir/htpasswd;" "$dir")
	}
}
END
}

start() {
	for program in nginx fcgiwrap openssl git; do
		command -v "$program" >/dev/null || { echo "skipped: $program is not installed" >&2; exit 77; }
	done
	certificates "$1" 2>/dev/null
	printf 'ana:%s\nx-access-token:%s\n' "$(openssl passwd -apr1 secret)" "$(openssl passwd -apr1 tok123)" >"$1/htpasswd"
	config "$@" >"$1/nginx.conf"
	busy "$1" >"$1/busy"
	chmod +x "$1/busy"
	# shellcheck disable=SC2016 # the inner shell is to expand these
	setsid sh -c 'echo $$ >"$1/fcgiwrap.pid"; exec fcgiwrap -c 2 -s "unix:$1/fcgi.sock"' sh "$1" >"$1/fcgiwrap.log" 2>&1 &
	nginx -c "$1/nginx.conf" -e "$1/error.log" -p "$1" 2>"$1/nginx.log"
	for _ in $(seq 200); do
		if [ -s "$1/nginx.pid" ] && [ -S "$1/fcgi.sock" ]; then return 0; fi
		sleep 0.1
	done
	echo "the server does not start: $(cat "$1/nginx.log" "$1/fcgiwrap.log")" >&2
	stop "$1"
	return 1
}

action=$1
shift
"$action" "$@"
