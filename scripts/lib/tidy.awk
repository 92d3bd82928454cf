# The checks of scripts/tidy that look at one line at a time. Prints file:line: what; fails if it printed an error.

function rule(layer, list,    n, i, parts)
{
    n = split(list, parts, " ")
    for (i = 1; i <= n; i++)
        may_include[layer, parts[i]] = 1
}

function library(pattern, list,    n, i, parts)
{
    libraries[++library_count] = pattern
    n = split(list, parts, " ")
    for (i = 1; i <= n; i++)
        may_touch[library_count, parts[i]] = 1
}

BEGIN {
    # Each layer, and all that it may see (arrows are transitive).
    rule("base", "base")
    rule("table", "base table")
    rule("wire", "base wire")
    rule("net", "base net")
    rule("flow", "base table wire net flow")
    rule("engine", "base table wire net flow engine")
    rule("conf", "base table conf")
    rule("core", "base table core")
    rule("journal", "base journal")
    rule("drive", "base table wire net flow engine conf core journal drive")
    rule("api", "base table wire net flow engine conf core journal drive api")
    rule("turnoutd", "base table wire net flow engine conf core journal drive api turnoutd")
    rule("cli", "base wire cli")

    # The first pattern that fits says who may touch the header. The API has what evhttp needs beside it.
    library("^event2/(http|http_struct|http_compat|keyvalq_struct)\\.h$", "api")
    library("^event2/(event|event_struct|buffer|bufferevent|listener|util)\\.h$", "net api")
    library("^(event2/|event\\.h$|evhttp\\.h$|evutil\\.h$)", "net")
    library("^openssl/(evp|sha|hmac|kdf|rand|crypto|params|core_names|err|opensslv)\\.h$", "base net")
    library("^openssl/", "net")
    library("^jansson\\.h$", "drive api cli")
    library("^libconfig", "conf")
    library("^hiredis", "journal")

    banned = "(^|[^A-Za-z0-9_.>])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|atoll|strtok|sleep|usleep|system|popen|rand|srand)[ \t]*\\("
    clocks = "(^|[^A-Za-z0-9_.>])(gettimeofday|clock_gettime)[ \t]*\\("
    later = "(^|[^A-Za-z0-9_])(TO" "DO|FIX" "ME)([^A-Za-z0-9_]|$)"
}

function error(text)
{
    printf "%s:%d: %s\n", FILENAME, FNR, text
    errors++
}

function layer_of(file)
{
    if (file ~ /^proxy\/(base|table|wire|net|flow)\//) {
        sub(/^proxy\//, "", file)
        sub(/\/.*/, "", file)
        return file
    }
    if (file ~ /^proxy\/[^\/]*$/)
        return "engine"
    if (file ~ /^conf\//)
        return "conf"
    if (file ~ /^control\/(core|journal|drive|api|cli)\//) {
        sub(/^control\//, "", file)
        sub(/\/.*/, "", file)
        return file
    }
    if (file ~ /^control\/[^\/]*$/)
        return "turnoutd"
    return ""
}

# The line without its strings and comments; in_comment carries over from line to line.
function code_of(line,    out, c, i, n, quote)
{
    out = ""
    n = length(line)
    quote = ""
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        if (in_comment) {
            if (c == "*" && substr(line, i + 1, 1) == "/") {
                in_comment = 0
                i++
            }
        } else if (quote != "") {
            if (c == "\\")
                i++
            else if (c == quote)
                quote = ""
        } else if (c == "\"" || c == "'") {
            quote = c
        } else if (c == "/" && substr(line, i + 1, 1) == "*") {
            in_comment = 1
            i++
        } else if (c == "/" && substr(line, i + 1, 1) == "/") {
            break
        } else {
            out = out c
        }
    }
    return out
}

function long_file()
{
    if (last_file != "" && last_line > 400)
        printf "%s: warning: %d lines; is it one idea?\n", last_file, last_line
}

FNR == 1 {
    long_file()
    last_file = FILENAME
    layer = layer_of(FILENAME)
    in_comment = 0
    opened = 0
}

{
    last_line = FNR
}

!opened && NF > 0 {
    opened = 1
    if (FILENAME ~ /\.h$/ && $0 !~ /^\/[*\/]/)
        error("a header opens with a comment: what the module is for, which thread calls it, who owns what")
}

$0 ~ later {
    error("a note for later: do it, or say it as an issue")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
    target = $0
    sub(/^[^"]*"/, "", target)
    sub(/".*/, "", target)
    if (layer != "") {
        other = layer_of(target)
        if (other == "")
            error("\"" target "\": name it from the root, as \"proxy/base/err.h\"")
        else if (!((layer, other) in may_include))
            error("layer " layer " does not stand on layer " other " (\"" target "\")")
    }
}

/^[ \t]*#[ \t]*include[ \t]*</ {
    target = $0
    sub(/^[^<]*</, "", target)
    sub(/>.*/, "", target)
    if (layer != "") {
        for (l = 1; l <= library_count; l++) {
            if (target ~ libraries[l]) {
                if (!((l, layer) in may_touch))
                    error("layer " layer " does not touch <" target ">")
                break
            }
        }
    }
}

{
    bare = $0
    if (in_comment || bare ~ /["'\/]/)
        bare = code_of($0)
    if (bare ~ banned)
        error("a call that is not made here: " bare)
    if (layer != "" && FILENAME != "proxy/base/clock.c" && bare ~ clocks)
        error("only proxy/base/clock.c reads a clock: " bare)
}

END {
    long_file()
    exit errors > 0
}
