# Writes the reference values of the tests of duels, paired.txt, into the directory given (default:
# the current one):  Rscript make_paired_reference.R [directory]
#
# A line is a name and numbers; names may repeat. The tests read the file and do not need R.

directory <- commandArgs(trailingOnly = TRUE)
directory <- if (length(directory) > 0) directory[1] else "."
set.seed(20240301, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

out <- file(file.path(directory, "paired.txt"), "w")
cat("# written by make_paired_reference.R with ", R.version.string, "\n", sep = "", file = out)
emit <- function(name, ...) {
    values <- unlist(list(...))
    text <- sprintf("%.17g", values)
    text[is.na(values)] <- "nan"
    cat(name, text, file = out)
    cat("\n", file = out)
}

# ---- signed rank: level, point, interval, coverage attained ---------------------------------------
# depression scores of Hollander and Wolfe (1973), as in the examples of wilcox.test
depression <- c(1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30) -
    c(0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29)
duels <- c(list(depression), lapply(c(1, 2, 5, 7, 8, 9, 12, 16, 20, 33, 64),
                                    function(n) 0.01 + 0.005 * rt(n, 4)))
for (x in duels) {
    emit("data", x)
    n <- length(x)
    for (level in c(0.8, 0.9, 0.95, 0.98, 0.99)) {
        test <- suppressWarnings(wilcox.test(x, conf.int = TRUE, exact = TRUE, conf.level = level))
        q <- max(1, qsignrank((1 - level) / 2, n))
        emit("signed_rank", level, test$estimate, test$conf.int, 1 - 2 * psignrank(q - 1, n))
    }
}

# ---- Hodges-Lehmann of more launches, 10 % and 20 % trimmed means with Yuen's standard error -------
winsorised <- function(x, cut) pmin(pmax(x, sort(x)[cut + 1]), sort(x, decreasing = TRUE)[cut + 1])
for (n in c(4, 10, 16, 21, 32, 64)) {
    x <- sort(rlnorm(n) + rnorm(1))
    walsh <- outer(x, x, "+") / 2
    emit("data", x)
    emit("hodges_lehmann", median(walsh[lower.tri(walsh, diag = TRUE)]))
    for (trim in c(0.1, 0.2)) {
        cut <- floor(trim * n)
        kept <- n - 2 * cut
        error2 <- (n - 1) * var(winsorised(x, cut)) / (kept * (kept - 1))
        emit("trimmed", trim, mean(x, trim = trim), error2, kept)
    }
}

# ---- sign flips, all of them: shift, then p greater, less, two-sided -------------------------------
flip <- function(x, shift) {
    d <- x - shift
    weight <- pmin(abs(d), 3 * median(abs(d)))
    signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), length(x))))
    sums <- signs %*% weight
    observed <- sum(sign(d) * weight)
    tie <- 1e-9 * sum(weight)
    c(mean(sums >= observed - tie), mean(sums <= observed + tie),
      mean(abs(sums) >= abs(observed) - tie))
}
for (x in list(0.3, c(1, 2), depression, c(-1, 1, 1, 1, 1, 1, 1, 1, 1, 1), c(0, 0, 0, 1, 2),
               c(9, rnorm(9, 1)), rnorm(11, 0.8), rnorm(15, 0.5), rnorm(16, 0.7))) {
    emit("data", x)
    for (shift in c(0, 0.25, -1)) emit("sign_flip", shift, flip(x, shift))
}

# ---- a duel with a floor of copies and with layouts: the error of its estimate --------------------
yuen <- function(x) {
    cut <- floor(0.1 * length(x))
    kept <- length(x) - 2 * cut
    c((length(x) - 1) * var(winsorised(x, cut)) / (kept * (kept - 1)), kept - 1)
}
floor_component <- function(x, f, copy) {
    launch <- yuen(x) * c(length(x), 1)
    means <- tapply(f, copy, mean)
    sizes <- tapply(f, copy, length)
    within <- sum((f - means[as.character(copy)])^2)
    df <- length(f) - length(means) + launch[2]
    chance <- mean(1 / sizes) * (within + launch[1] * launch[2]) / df
    limit <- 2.5 * sqrt(launch[1])
    clipped <- tapply(pmax(-limit, pmin(limit, f)), copy, mean)
    shown <- pf(mean(clipped^2) / chance, length(means), df, lower.tail = FALSE) < 0.01
    c(if (shown) mean(means^2) - chance else 0, length(means))
}
layout_component <- function(x, layout) {
    fit <- anova(lm(x ~ factor(layout)))
    sizes <- table(layout)
    n <- length(x)
    n0 <- (n - sum(sizes^2) / n) / (length(sizes) - 1)
    between <- max(0, (fit[1, 3] - fit[2, 3]) / n0)
    c(between * sum((sizes / n)^2), length(sizes) - 1, between, fit[2, 3])
}
duel <- function(x, f, copy, layout) {
    own <- yuen(x)
    shared <- layout_component(x, layout)
    if (shared[1] > 0)
        own <- c(max(0, own[1] - shared[3] / length(x)) + shared[1], min(own[2], shared[2]))
    offset <- floor_component(x, f, copy)
    df <- (own[1] + offset[1])^2 / (own[1]^2 / own[2] + offset[1]^2 / offset[2])
    se <- sqrt(own[1] + offset[1])
    emit("duel", x)
    emit("layout", layout)
    emit("floor", f)
    emit("copy", copy)
    emit("errors", sqrt(offset[1]), sqrt(shared[3:4]), se, df,
         se * (qt(0.995, df) + qt(0.9, df)))
}
layout <- rep(1:4, 4)
duel(rnorm(16), rnorm(4), rep(1, 4), layout)
duel(rnorm(16), rnorm(4) + 4, rep(1, 4), layout)
duel(rnorm(16) + rnorm(4, sd = 3)[layout], rnorm(6) + c(5, 5, 5, -9, -9, -9), c(7, 7, 7, -1, -1, -1),
     layout)
layout <- c(3, 3, 3, 1, 1, 2, 2, 2, 2, 2, 5, 5)
duel(rnorm(12) + 2 * layout, rnorm(5) + c(9, 9, -9, 3, 3), c(1, 1, 2, 3, 3), layout)

# ---- nominal levels of looks that spend alpha, by nested adaptive integration ----------------------
spend <- function(t, alpha) 4 * pnorm(qnorm(alpha / 4) / sqrt(t))
# density at x of a Brownian motion at look k that stayed inside the limits of the looks before
density <- function(x, k, t, limits) {
    if (k == 1) return(dnorm(x / sqrt(t[1])) / sqrt(t[1]))
    sd <- sqrt(t[k] - t[k - 1])
    sapply(x, function(at) inside(k - 1, t, limits, function(y) dnorm((at - y) / sd) / sd))
}
inside <- function(k, t, limits, f)
    integrate(function(y) density(y, k, t, limits) * f(y), -limits[k], limits[k], rel.tol = 1e-10,
              subdivisions = 1000)$value
levels <- function(t, alpha) {
    spent <- diff(c(0, spend(t, alpha)))
    limits <- -qnorm(spent[1] / 2) * sqrt(t[1])
    for (k in seq_along(t)[-1]) {
        sd <- sqrt(t[k] - t[k - 1])
        beyond <- function(limit)
            inside(k - 1, t, limits, function(y) pnorm((y - limit) / sd) + pnorm((-y - limit) / sd))
        solve <- function(limit) log(beyond(limit)) - log(spent[k])
        limits[k] <- uniroot(solve, c(0.5, 5), tol = 1e-12)$root
    }
    2 * pnorm(-limits / sqrt(t))
}
for (alpha in c(0.05, 0.01)) for (t in list(1, c(0.5, 1), c(0.2, 0.4), (1:3) / 3, c(0.25, 0.5, 1),
                                            c(0.3, 0.35, 0.9)))
    emit("spending", alpha, t, levels(t, alpha))

# ---- e-values of n signs, s of them positive ------------------------------------------------------
for (case in list(c(1, 1), c(5, 0), c(8, 8), c(9, 9), c(10, 10), c(16, 13), c(64, 32), c(200, 150))) {
    n <- case[1]
    s <- case[2]
    emit("e_value", n, s, exp(n * log(2) + lgamma(s + 0.5) + lgamma(n - s + 0.5) - log(pi) -
                              lgamma(n + 1)))
}

# ---- deciles of two samples; jackknife of a suite -------------------------------------------------
for (sizes in list(c(2, 5), c(31, 40), c(100, 100))) {
    a <- rlnorm(sizes[1])
    b <- rlnorm(sizes[2]) * 1.5
    emit("a", a)
    emit("b", b)
    emit("deciles", quantile(a, 1:9 / 10, names = FALSE))
    emit("shift", quantile(b, 1:9 / 10, names = FALSE) - quantile(a, 1:9 / 10, names = FALSE))
}
estimate <- function(x) {
    x <- x[!is.na(x)]
    walsh <- outer(x, x, "+") / 2
    median(walsh[lower.tri(walsh, diag = TRUE)])
}
suite <- matrix(rnorm(5 * 12), 5) + rep(rnorm(12), each = 5)
suite[2, 9:12] <- NA
suite[4, c(1, 3)] <- NA
without <- sapply(1:12, function(p) mean(apply(suite[, -p], 1, estimate)))
point <- mean(apply(suite, 1, estimate))
half <- qt(0.975, 11) * sqrt(11 / 12 * sum((without - mean(without))^2))
emit("suite", as.vector(t(suite)))
emit("suite_change", point, point - half, point + half)
close(out)
