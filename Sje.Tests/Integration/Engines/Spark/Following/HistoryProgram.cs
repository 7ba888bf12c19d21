using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Following;

/// <summary>A process that keeps a history server until it is killed: it writes the server's address and waits.</summary>
internal static class HistoryProgram
{
    public const string Verb = "history-program";

    public static async Task<int> RunAsync(string home, string folder)
    {
        await using var bench = new HistoryBench(folder);
        var address = await bench.Servers.FindAsync(
            new SparkInstallation("test", home, null, null, null),
            folder,
            CancellationToken.None
        );
        await Console.Out.WriteLineAsync(address.AbsoluteUri);
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
