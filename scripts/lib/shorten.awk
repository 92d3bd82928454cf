# Of a run of ctest with its output: of each test the first and the last lines, so that one that fails a
# thousand times does not bury the others. Variables: first, last.

function flush_tail(    i)
{
    if (count > first + last)
        printf "... %d lines left out ...\n", count - first - last
    for (i = count - last + 1; i <= count; i++)
        if (i > first)
            print tail[i % last]
    count = 0
}

/^ *[0-9]+\/[0-9]+ Test +#|^ +Start +[0-9]+: |tests passed, [0-9]+ tests failed/ {
    flush_tail()
    print
    fflush()
    next
}

{
    count++
    if (count <= first)
        print
    tail[count % last] = $0
}

END {
    flush_tail()
}
