using Sje.Benchmarks;

return args switch
{
    [] or ["queue"] => await QueueBench.RunAsync([]),
    ["queue", "--only", .. var only] when only.Length > 0 => await QueueBench.RunAsync(only),
    ["queue", ..] => Usage(),
    _ => BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(QueueBench).Assembly).Run(args).Any() ? 0 : 1,
};

static int Usage()
{
    Console.Error.WriteLine("Usage: ./sje bench queue [--only MEASURE ...]");
    return 2;
}
