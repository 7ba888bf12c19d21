using Sje.Testbed;

namespace Sje.Tests.Support.Clusters;

/// <summary>A real Kafka broker on loopback, with topics of its own. Without one a test is skipped, or fails where nothing may be skipped.</summary>
internal sealed class KafkaBroker : IAsyncDisposable
{
    private readonly string script;
    private readonly string folder;

    private KafkaBroker(string script, string folder, string address) =>
        (this.script, this.folder, Address) = (script, folder, address);

    /// <summary>Where it listens.</summary>
    public string Address { get; }

    public static async Task<KafkaBroker> StartAsync()
    {
        var script = SparkDistribution.Shared("kafka", "kafka");
        var folder = Directory.CreateTempSubdirectory("sje-kafka-").FullName;
        var port = SparkDistribution.FreePort().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var address = await SparkDistribution.RunAsync(script, ["up", folder, "--port", port]);
        return new KafkaBroker(script, folder, address.Trim());
    }

    /// <summary>Writes messages to a topic, which is made by the first.</summary>
    public Task ProduceAsync(string topic, params string[] messages) =>
        SparkDistribution.RunAsync(
            "bash",
            [
                "-c",
                "printf '%s\\n' \"${@:4}\" | \"$1\" produce \"$2\" --topic \"$3\"",
                "produce",
                script,
                folder,
                topic,
                .. messages,
            ]
        );

    public async ValueTask DisposeAsync()
    {
        await SparkDistribution.RunAsync(script, ["down", folder]);
        Directory.Delete(folder, recursive: true);
    }
}
