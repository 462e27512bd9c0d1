#!/bin/bash
# The Git store on this machine: many fetches do not make it slow, and it does not grow without end (safety rule 32).
. "$(dirname "$0")/lib.sh"

# The one store of the current case, which has a cache of its own.
fresh_store() {
	fresh
	export XDG_CACHE_HOME=$T/cache-${REPO##*/}
}

store() {
	local found=("$XDG_CACHE_HOME"/plumb/*/)
	[[ ${#found[@]} == 1 && -d ${found[0]} ]] || die "expected one store, got: ${found[*]}"
	printf '%s\n' "${found[0]%/}"
}

packs() {
	find "$(store)/objects/pack" -name '*.pack' | wc -l
}

render() { # EXIT REF
	plumb "$1" render --repo "$REPO" --ref "$2" --path shop
}

# Renders a commit and expects the ConfigMap with this value.
expect_value() { # COMMIT VALUE
	render 0 "$1"
	expect_eq "the value at $1" "$2" "$(sed -n 's/^  value: //p' "$OUT")"
}

# All objects of the store, whole and reachable through its packs; those of a forgotten commit may dangle.
expect_whole_store() {
	local said
	said=$(git -C "$(store)" fsck --full 2>&1 | grep -v -e '^notice:' -e '^dangling ' || true)
	expect_eq 'git fsck of the store' '' "$said"
}

it_makes_few_packs_of_more_than_fifty_and_keeps_all() {
	fresh_store
	local commits=() i forgotten=20
	for i in {1..51}; do
		configmap counter "at $i" | write shop/counter.yaml
		commit "Number $i"
		commits[i]=$COMMIT
		expect_value main "at $i"
		# One pack a fetch, and 50 are not too many.
		expect_eq "packs after $i fetches" "$i" "$(packs)"
		if ((i == forgotten)); then
			git -C "$WORK" reset -q --hard HEAD~1
			push --force -q
		fi
	done
	render 0 main
	expect_eq 'packs of the rebuilt store' 2 "$(packs)"
	expect_whole_store
	# From the store alone, also what a force-push left behind.
	mv "$REPO" "$REPO.away"
	mkdir "$REPO"
	for i in {1..51}; do
		expect_value "${commits[i]}" "at $i"
	done
	expect_eq 'packs after reading' 2 "$(packs)"
	rmdir "$REPO"
	mv "$REPO.away" "$REPO"
	# And it goes on as before.
	configmap counter 'at last' | write shop/counter.yaml
	commit 'The last one'
	expect_value main 'at last'
	expect_eq 'packs after one more fetch' 3 "$(packs)"
	expect_whole_store
}

# The file has a size only and takes no disk.
it_names_a_store_over_its_cap() {
	fresh_store
	configmap counter one | write shop/counter.yaml
	commit 'One'
	expect_value main one
	local first=$COMMIT
	local big
	big=$(store)/objects/pack/pack-big.pack
	truncate -s 5G "$big" || skip 'no file of 5 GiB can be made here'
	configmap counter two | write shop/counter.yaml
	commit 'Two'
	render 3 main
	expect_eq 'output' '' "$(cat "$OUT")"
	expect_error "$(store).*4096 MiB"
	expect_value "$first" one # what is there can still be read
	rm "$big"
	expect_value main two
}

run_cases "$@"
