# shellcheck shell=bash
# A Git server over HTTPS for end-to-end tests: nginx and git-http-backend, by address, with that address in its certificate,
# signed by a CA of its own, with a password. To be sourced after lib.sh.
#
#   git_server_start    GIT_URL (https://ADDRESS:PORT), GIT_CA (a file), user ana, password GIT_PASSWORD
#   git_server_stop, git_server_go    an outage, and its end
#   Repositories are those that repo_new makes: $GIT_URL/NAME.git

# The address at which pods reach this machine: that of the way out, else the first.
own_address() {
	ip -4 -o route get 192.0.2.1 2>/dev/null | grep -oE 'src [0-9.]+' | cut -d ' ' -f 2 ||
		ip -4 -o address show scope global | grep -oE 'inet [0-9.]+' | head -n 1 | cut -d ' ' -f 2
}

git_server_start() {
	need nginx fcgiwrap openssl
	local dir=$T/git-server port address tries
	address=$(own_address)
	[[ $address ]] || skip 'this machine has no address that pods reach'
	mkdir -p "$dir"
	GIT_CA=$dir/ca.crt GIT_PASSWORD=secret-of-git-$RANDOM$RANDOM
	git_certificate "$dir" "$address"
	printf 'ana:%s\n' "$(openssl passwd -apr1 "$GIT_PASSWORD")" >"$dir/htpasswd"
	# Its workers outlive it, so it leads a process group of its own.
	# shellcheck disable=SC2016 # the inner shell is to expand these
	setsid bash -c 'echo $$ >"$1/fcgiwrap.pid"; exec fcgiwrap -c 2 -s "unix:$1/fcgi.sock"' bash "$dir" >"$dir/fcgiwrap.log" 2>&1 &
	at_exit kill -- "-$(cat_when_there "$dir/fcgiwrap.pid")"
	# Below those that the system gives away; one that somebody else has is no use.
	for tries in {1..20}; do
		port=$((22000 + RANDOM % 9000))
		git_server_config "$dir" "$port" >"$dir/nginx.conf"
		! git_server_try || break
		((tries < 20)) || die "nginx: $(cat "$dir/nginx.log")"
	done
	GIT_URL=https://$address:$port
	at_exit bash -c "kill \$(cat '$dir/nginx.pid')"
	export GIT_SSL_CAINFO=$GIT_CA
	eventually 10 'the Git server' curl -s --cacert "$GIT_CA" "$GIT_URL/"
}

cat_when_there() { # FILE
	local _
	for _ in {1..600}; do
		[[ -s $1 ]] && break
		sleep 0.1
	done
	cat "$1"
}

git_certificate() { # DIR ADDRESS
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=plumb e2e Git CA' \
		-keyout "$1/ca.key" -out "$1/ca.crt" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=git -keyout "$1/server.key" -out "$1/server.csr" 2>/dev/null
	openssl x509 -req -in "$1/server.csr" -CA "$1/ca.crt" -CAkey "$1/ca.key" -CAcreateserial -days 2 \
		-extfile <(printf 'subjectAltName=IP:%s\n' "$2") -out "$1/server.crt" 2>/dev/null
}

git_server_config() { # DIR PORT
	local user=''
	((EUID != 0)) || user='user root;'
	cat <<-X
		$user
		worker_processes 1;
		pid $1/nginx.pid;
		error_log $1/error.log;
		events {}
		http {
			log_format seen '\$request_method \$uri\$is_args\$args \$status \$http_user_agent';
			access_log $1/access.log seen;
			client_body_temp_path $1/t1; proxy_temp_path $1/t2; fastcgi_temp_path $1/t3; uwsgi_temp_path $1/t4; scgi_temp_path $1/t5;
			client_max_body_size 32m;
			server {
				listen 0.0.0.0:$2 ssl;
				ssl_certificate $1/server.crt;
				ssl_certificate_key $1/server.key;
				ssl_protocols TLSv1.3;
				auth_basic git;
				auth_basic_user_file $1/htpasswd;
				location / {
					include /etc/nginx/fastcgi_params;
					fastcgi_param SCRIPT_FILENAME $(git --exec-path)/git-http-backend;
					fastcgi_param GIT_PROJECT_ROOT $T;
					fastcgi_param GIT_HTTP_EXPORT_ALL 1;
					fastcgi_param PATH_INFO \$uri;
					fastcgi_param REMOTE_USER \$remote_user;
					fastcgi_pass unix:$1/fcgi.sock;
				}
			}
		}
	X
}

git_server_try() {
	PATH=$PATH:/usr/sbin nginx -c "$T/git-server/nginx.conf" -e "$T/git-server/error.log" -p "$T/git-server" 2>"$T/git-server/nginx.log"
}

git_server_go() {
	git_server_try || die "nginx: $(cat "$T/git-server/nginx.log")"
}

git_server_stop() {
	kill "$(cat "$T/git-server/nginx.pid")"
	eventually 10 'the end of the Git server' test ! -e "$T/git-server/nginx.pid"
}

# How often the server was asked for the refs of the current repository.
git_server_asked() {
	grep -c "${REPO##*/}/info/refs" "$T/git-server/access.log" || true
}

# The Secret with which a Sync gets in.
git_secret() { # NAMESPACE NAME
	kubectl create secret generic -n "$1" "$2" --from-literal=username=ana --from-literal=password="$GIT_PASSWORD" \
		--from-file=ca.crt="$GIT_CA" >/dev/null
}
