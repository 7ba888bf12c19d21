using Sje.Benchmarks;

// The JSON is what stdout gets in any case; the table goes to stderr.
args = args is [("queue" or "spark") and var bench, .. var rest] ? [bench, .. WithoutOutput(rest)] : args;
return args switch
{
    [] or ["queue"] => await QueueBench.RunAsync([]),
    ["queue", "--only", .. var only] when only.Length > 0 => await QueueBench.RunAsync(only),
    ["spark"] => await SparkBench.RunAsync([]),
    ["spark", "--only", .. var only] when only.Length > 0 => await SparkBench.RunAsync(only),
    ["queue" or "spark", ..] => Usage(),
    _ => BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(QueueBench).Assembly).Run(args).Any() ? 0 : 1,
};

static int Usage()
{
    Console.Error.WriteLine("Usage: ./sje bench queue|spark [--output json] [--only MEASURE ...]");
    return 2;
}

static IEnumerable<string> WithoutOutput(string[] words)
{
    var at = Array.IndexOf(words, "--output");
    return at >= 0 && words.ElementAtOrDefault(at + 1) == "json" ? [.. words[..at], .. words[(at + 2)..]] : words;
}
