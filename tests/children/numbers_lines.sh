# NAME CODE LINES PAUSE RAN: says in RAN that it runs, numbers lines on both of its streams, and ends with CODE.
echo "$1 $$" >> "$5"
i=0
while [ "$i" -lt "$3" ]; do
    echo "$1 out $i"
    echo "$1 err $i" >&2
    [ "$4" = 0 ] || sleep "$4"
    i=$((i + 1))
done
exit "$2"
