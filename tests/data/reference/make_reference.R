# Writes the reference values of the statistics tests, one file per subject, into the directory
# given (default: the current one):  Rscript make_reference.R [directory]
#
# A line is a name and numbers; names may repeat. The tests read these files and do not need R.

directory <- commandArgs(trailingOnly = TRUE)
directory <- if (length(directory) > 0) directory[1] else "."
set.seed(20240229, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

out <- NULL
begin <- function(subject) {
    out <<- file(file.path(directory, paste0(subject, ".txt")), "w")
    cat("# written by make_reference.R with ", R.version.string, "\n", sep = "", file = out)
}
emit <- function(name, ...) {
    values <- unlist(list(...))
    text <- sprintf("%.17g", values)
    text[is.na(values)] <- "nan"
    cat(name, text, file = out)
    cat("\n", file = out)
}
end <- function() close(out)

# ---- distributions: arguments, then the value -----------------------------------------------------
begin("special")
for (z in c(-37, -30, -20, -12, -8, -5, -3.3, -1.96, -1, -0.5, -1e-3, -1e-9, 0, 1e-5, 0.3, 1, 2.5, 6, 8.2))
    emit("pnorm", z, pnorm(z))
ps <- c(1e-300, 1e-200, 1e-100, 1e-50, 1e-20, 1e-12, 1e-8, 1e-5, 1e-3, 0.005, 0.01, 0.025, 0.05, 0.1,
        0.2, 0.3, 0.4, 0.49, 0.4999, 0.5 - 1e-9, 0.5, 0.5 + 1e-9, 0.6, 0.75, 0.9, 0.95, 0.975, 0.99,
        0.995, 0.999, 1 - 1e-6, 1 - 1e-10, 1 - 1e-14)
for (p in ps) emit("qnorm", p, qnorm(p))
dfs <- c(0.5, 1, 1.5, 2, 3, 4.7, 7, 10, 15, 29, 60, 120, 999.5, 1e4, 9e4, 1.1e5, 1e6, 1e9)
for (df in dfs) {
    for (t in c(-1e5, -300, -40, -12, -5, -2.1, -1, -0.3, -1e-4, 0, 1e-7, 0.2, 0.9, 1.7, 3, 8, 25))
        if (pt(t, df) > 1e-290) emit("pt", t, df, pt(t, df))
    # next to the centre qt is good to 8 digits only
    for (p in c(1e-40, 1e-12, 1e-8, 1e-5, ps[9:31])) if (abs(p - 0.5) > 1e-3) emit("qt", p, df, qt(p, df))
}
shapes <- c(0.05, 0.5, 1, 2, 3.5, 10, 31, 100, 1234.5, 1e5)
for (a in shapes) for (b in shapes) {
    for (p in c(1e-12, 1e-6, 0.001, 0.025, 0.3, 0.5, 0.8, 0.975, 0.9999)) {
        x <- qbeta(p, a, b)
        if (x > 1e-280 && x < 1 - 1e-12) {
            emit("pbeta", x, a, b, pbeta(x, a, b))
            # qbeta itself is iterative: keep what it can reproduce
            if (abs(pbeta(x, a, b) / p - 1) < 1e-12) emit("qbeta", p, a, b, x)
        }
    }
}
for (n in c(1, 2, 5, 16, 50, 1000, 123456, 1e7)) for (p in c(1e-6, 0.01, 0.25, 0.5, 0.9, 0.999)) {
    for (k in unique(round(c(0, 1, n * p - 6 * sqrt(n * p * (1 - p)), n * p - 1, n * p, n * p + 1,
                             n * p + 3 * sqrt(n * p * (1 - p)), n - 1, n))))
        if (k >= 0 && k <= n && pbinom(k, n, p) > 1e-290) emit("pbinom", k, n, p, pbinom(k, n, p))
}
for (case in list(c(0, 10), c(10, 10), c(3, 10), c(1, 125), c(96, 100), c(500, 100000)))
    for (level in c(0.9, 0.95, 0.99))
        emit("binom.test", case, level, binom.test(case[1], case[2], conf.level = level)$conf.int)
end()

# ---- quantiles ------------------------------------------------------------------------------------
begin("quantile")
probabilities <- c(0, 0.01, 0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 0.6, 0.75, 0.9, 0.95, 0.99, 1)
emit("probabilities", probabilities)
for (x in list(42, c(1, 2), c(3, 3, 3, 8, 9), sort(sleep$extra), sort(faithful$eruptions)[1:101])) {
    emit("data", x)
    for (type in 1:9) emit("quantile", type, quantile(x, probabilities, type = type, names = FALSE))
}
# the largest k with coverage 1 - 2 P(Bin(n, 1/2) < k) of at least the level
for (n in c(2, 5, 6, 8, 10, 16, 17, 50, 101, 1000, 20001)) for (level in c(0.9, 0.95, 0.99)) {
    k <- max(1, qbinom((1 - level) / 2, n, 0.5) + -1:1 +
             ifelse(1 - 2 * pbinom(qbinom((1 - level) / 2, n, 0.5) + -2:0, n, 0.5) >= level, 0, -Inf))
    emit("median_interval", n, level, k, 1 - 2 * pbinom(k - 1, n, 0.5))
}
end()

# ---- moments, autocorrelation, components ---------------------------------------------------------
begin("describe")
geyer <- function(x) {
    rho <- acf(x, lag.max = length(x) - 1, plot = FALSE)$acf[, 1, 1]
    pairs <- rho[seq(1, length(rho) - 1, 2)] + rho[seq(2, length(rho), 2)]
    keep <- cumprod(pairs > 0) == 1
    tau <- -1 + 2 * sum(pairs[keep])
    max(1, min(length(x), length(x) / max(tau, 1)))
}
series <- list(as.numeric(Nile), as.numeric(lh), sleep$extra, as.numeric(arima.sim(list(ar = 0.6), 500)),
               cumsum(rnorm(200)))
for (x in series) {
    d <- x - mean(x)
    emit("data", x)
    emit("moments", mean(x), var(x), sd(x), mean(d^3) / mean(d^2)^1.5)
    emit("acf", acf(x, lag.max = 5, plot = FALSE)$acf[2:6, 1, 1])
    emit("effective_size", geyer(x))
}
emit("x", faithful$eruptions)
emit("y", faithful$waiting)
emit("correlation", cor(faithful$eruptions, faithful$waiting))
components <- function(x, group) {
    table <- anova(lm(x ~ factor(group)))
    sizes <- table(group)
    n0 <- (sum(sizes) - sum(sizes^2) / sum(sizes)) / (length(sizes) - 1)
    c(max(0, (table[1, 3] - table[2, 3]) / n0), table[2, 3])
}
for (case in list(list(chickwts$weight, as.integer(chickwts$feed)),
                  list(warpbreaks$breaks, as.integer(warpbreaks$tension)),
                  list(rnorm(40), rep(1:8, 5)[order(rep(1:8, 5))]))) {
    order <- order(case[[2]])
    emit("values", case[[1]][order])
    emit("sizes", as.integer(table(case[[2]])))
    emit("components", components(case[[1]], case[[2]]))
}
# MSER-5 by its definition
mser5 <- function(x) {
    z <- colMeans(matrix(x[1:(5 * (length(x) %/% 5))], 5))
    half <- length(z) %/% 2
    statistic <- sapply(0:half, function(d) {
        rest <- z[(d + 1):length(z)]
        sum((rest - mean(rest))^2) / length(rest)^2
    })
    d <- which.min(statistic) - 1
    if (d == half) length(x) else 5 * d
}
for (x in list(rnorm(100), rnorm(203) + 8 * exp(-(0:202) / 12), seq(1, 2, length.out = 60) + 0,
               rnorm(300) + c(rep(5, 40), rep(0, 260)))) {
    emit("transient", x)
    emit("mser5", mser5(x))
}
end()

# ---- lines ----------------------------------------------------------------------------------------
begin("regression")
emit("x", cars$speed)
emit("y", cars$dist)
emit("origin", coef(lm(dist ~ speed - 1, cars)))
emit("line", coef(lm(dist ~ speed, cars)), coef(summary(lm(dist ~ speed, cars)))[2, 2])
for (level in c(0.9, 0.99)) {
    fit <- lm(log(dist) ~ log(speed), cars)
    emit("power", level, coef(fit)[2], confint(fit, level = level)[2, ])
}
end()

# ---- outliers -------------------------------------------------------------------------------------
begin("outliers")
for (x in list(sort(rivers), sort(precip), sort(c(rep(5, 20), 1, 5.1, 9)), sort(islands))) {
    q <- quantile(x, c(0.25, 0.75), names = FALSE)
    fence <- function(k) c(q[1] - k * (q[2] - q[1]), q[2] + k * (q[2] - q[1]))
    m <- median(x)
    low <- 3 * 1.4826 * median(m - x[x <= m])
    high <- 3 * 1.4826 * median(x[x >= m] - m)
    emit("data", x)
    emit("tukey", sum(x < fence(3)[1]), sum(x < fence(1.5)[1] & x >= fence(3)[1]),
         sum(x > fence(1.5)[2] & x <= fence(3)[2]), sum(x > fence(3)[2]))
    emit("double_mad", if (low > 0) sum(x < m - low) else 0, if (high > 0) sum(x > m + high) else 0)
}
end()

# ---- power and corrections ------------------------------------------------------------------------
begin("power")
for (p in list(c(0.01, 0.02, 0.03, 0.04, 0.05), c(0.9, 0.001, 0.04, 0.04, 0.2, 1, 0.0004),
               c(0.03, NA, 0.01, 0.5, NA), runif(40)^2, 0.3)) {
    emit("p", p)
    emit("BH", p.adjust(p, "BH"))
    emit("holm", p.adjust(p, "holm"))
}
for (df in c(3, 7, 15, 31, 1e9)) for (alpha in c(0.01, 0.05))
    emit("mde", 0.02, df, alpha, 0.02 * (qt(1 - alpha / 2, df) + qt(0.9, df)))
welch <- t.test(extra ~ group, sleep)
emit("welch", tapply(sleep$extra, sleep$group, var)[1], 10, tapply(sleep$extra, sleep$group, var)[2], 10,
     welch$parameter)
emit("welch", var(chickwts$weight[1:10]), 10, var(chickwts$weight[11:40]), 30,
     t.test(chickwts$weight[1:10], chickwts$weight[11:40])$parameter)
end()

# ---- density --------------------------------------------------------------------------------------
begin("kde")
for (x in list(precip, faithful$eruptions, faithful$waiting, as.numeric(Nile), log(islands),
               round(log(rlnorm(8000, 3, 0.05)), 9),
               round(c(rnorm(1500, 10, 0.3), rnorm(500, 14, 0.2)), 6), rt(400, 2))) {
    emit("data", x)
    emit("nrd0", bw.nrd0(x))
    # the solve-the-equation bandwidth, more closely than by default: a thousand bins are coarse for
    # the long tails of the last data set (8 %), and the root is left 1 % open
    emit("sj", bw.SJ(x, nb = 20000, method = "ste", tol = 1e-6))
}
# the density on the log scale, cut at the minimum by reflection, per unit of the value
density_at <- function(at, x, h) {
    l <- log(x)
    sapply(log(at), function(v) mean(dnorm(v, l, h) + dnorm(2 * min(l) - v, l, h)) / exp(v))
}
for (x in list(precip, faithful$waiting)) {
    at <- as.numeric(quantile(x, c(0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1)))
    emit("density_data", x)
    emit("density_x", at)
    emit("density_y", density_at(at, x, bw.SJ(log(x), nb = 20000, method = "ste", tol = 1e-6)))
}
end()

# ---- bootstrap ------------------------------------------------------------------------------------
# BCa by its definition (Efron 1987), plain resampling; intervals of 95 % for several statistics.
# Instead of an end point, the values a little below and above, on the normal scale of shares: the test
# resamples too.
begin("bootstrap")
n_resamples <- 400000
slack <- c(0.05, 0.11) # percentile ends; BCa ends, where the bias counted in replicates enters twice
ends <- function(replicates, estimate, without) {
    n <- length(replicates)
    sorted <- sort(replicates)
    at <- function(share) sorted[pmin(pmax(floor(share * (n + 1) + 0.5), 1), n)]
    around <- function(z, slack) at(pnorm(rep(z, each = 2) + c(-slack, slack)))
    bias <- qnorm((sum(replicates < estimate - 1e-12) + 0.5 * sum(abs(replicates - estimate) <= 1e-12)) / n)
    d <- mean(without) - without
    a <- if (any(abs(d) > 1e-12)) sum(d^3) / (6 * sum(d^2)^1.5) else 0
    z <- bias + qnorm(c(0.025, 0.975))
    c(estimate, around(qnorm(c(0.025, 0.975)), slack[1]), around(bias + z / (1 - a * z), slack[2]))
}
# name, estimate, percentile interval, BCa interval (least lower, greatest lower, least upper, ...)
intervals <- function(name, statistic, resamples, n, transform = identity) {
    replicates <- statistic(resamples)
    without <- statistic(t(sapply(1:n, function(i) setdiff(1:n, i))))
    emit(name, transform(ends(replicates, statistic(matrix(1:n, 1)), without)))
}
row_medians <- function(m) {
    m <- matrix(m[order(row(m), m)], nrow(m), byrow = TRUE)
    k <- ncol(m)
    (m[, (k + 1) %/% 2] + m[, k %/% 2 + 1]) / 2
}
law_lsat <- c(576, 635, 558, 578, 666, 580, 555, 661, 651, 605, 653, 575, 545, 572, 594)
law_gpa <- c(3.39, 3.30, 2.81, 3.03, 3.44, 3.07, 3.00, 3.43, 3.36, 3.13, 3.12, 2.74, 2.76, 2.88, 2.96)
law <- function(i) {
    x <- matrix(law_lsat[i], nrow(i))
    y <- matrix(law_gpa[i], nrow(i))
    x <- x - rowMeans(x)
    y <- y - rowMeans(y)
    rowSums(x * y) / sqrt(rowSums(x^2) * rowSums(y^2))
}
emit("law_lsat", law_lsat)
emit("law_gpa", law_gpa)
intervals("law_correlation", law, matrix(sample.int(15, 15 * n_resamples, TRUE), n_resamples), 15)

cases <- list(
    list(round(rlnorm(16, 4, 0.1), 3), NULL),            # sixteen launches
    list(round(rexp(41, 0.2), 3), NULL),                 # skewed, odd
    list(c(5, 5, 5, 5, 6, 6, 7, 7, 7, 7, 7, 9, 12, 5), NULL), # ties
    list(round((50 * (10 + rnorm(50)))[1:50], 3), rep(50, 50)), # equal x
    list(round((1:30) * (20 + rnorm(30)), 3), 1:30))     # linear sampling
for (case in cases) {
    y <- case[[1]]
    x <- case[[2]]
    n <- length(y)
    v <- if (is.null(x)) y else y / x
    emit("y", y)
    emit("x", x)
    resamples <- matrix(sample.int(n, n * n_resamples, TRUE), n_resamples)
    values <- function(i) matrix(v[i], nrow(i))
    intervals("mean", function(i) rowMeans(values(i)), resamples, n)
    intervals("median", function(i) row_medians(values(i)), resamples, n)
    intervals("mad", function(i) { m <- values(i); row_medians(abs(m - row_medians(m))) }, resamples, n)
    # of the variance, squares being what BCa sees; the root is monotone
    intervals("std_dev", function(i) { m <- values(i); rowSums((m - rowMeans(m))^2) / (ncol(m) - 1) },
              resamples, n, sqrt)
    if (!is.null(x))
        intervals("slope", function(i) {
            mx <- matrix(x[i], nrow(i))
            rowSums(mx * matrix(y[i], nrow(i))) / rowSums(mx^2)
        }, resamples, n)
}
end()
