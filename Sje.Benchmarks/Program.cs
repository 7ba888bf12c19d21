using Sje.Benchmarks;

if (args.Length > 0)
{
    BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(typeof(QueueBench).Assembly).Run(args);
    return 0;
}

return await QueueBench.RunAsync();
