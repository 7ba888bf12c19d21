using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Sje.Testbed;

/// <summary>The real Spark of tests and benches, unpacked once below the repository; and where the other clusters' files lie.</summary>
internal static class SparkDistribution
{
    private static readonly Lazy<Task<string>> Home = new(UnpackAsync);

    /// <summary>Its folder. Without it: <see cref="AbsentException"/>.</summary>
    public static Task<string> PathAsync()
    {
        Shared("spark", "spark-home");
        return Home.Value;
    }

    /// <summary>Jars that it takes beside: those of <c>kafka</c>, <c>delta</c> or <c>jdbc</c>. Without them: <see cref="AbsentException"/>.</summary>
    public static async Task<string[]> ExtrasAsync(string kind)
    {
        var words = new[] { Path.Combine(Clone.Root, ".sje", "test-spark") };
        var folder = (await RunAsync(Shared("spark", "spark-extras"), words)).Trim();
        return Directory.GetFiles(Path.Combine(folder, kind), "*.jar");
    }

    /// <summary>A file of the folder with clusters for tests (<c>SJE_TEST_SHARED</c>).</summary>
    public static string Shared(params string[] parts)
    {
        var root =
            Environment.GetEnvironmentVariable("SJE_TEST_SHARED")
            ?? Path.GetFullPath(Path.Combine(Clone.Root, "..", "shared"));
        var path = Path.Combine([root, .. parts]);
        if (!File.Exists(path))
        {
            throw AbsentException.Of($"{path} is not there: SJE_TEST_SHARED names the folder with clusters for tests");
        }

        return path;
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Compiles one Java file against Spark and packs it into a jar, whose path is returned.</summary>
    public static async Task<string> CompileAsync(string source, string folder, string? mainClass = null)
    {
        var home = await PathAsync();
        var classes = Directory.CreateDirectory(Path.Combine(folder, "classes")).FullName;
        await RunAsync("javac", ["-cp", Path.Combine(home, "jars", "*"), "-d", classes, source]);
        var jar = Path.Combine(folder, Path.GetFileNameWithoutExtension(source) + ".jar");
        List<string> words = mainClass is null ? ["cf", jar] : ["cfe", jar, mainClass];
        await RunAsync("jar", [.. words, "-C", classes, "."]);
        return jar;
    }

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> words)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', words)}: {await errors}");
    }

    private static async Task<string> UnpackAsync() =>
        (await RunAsync(Shared("spark", "spark-home"), [Path.Combine(Clone.Root, ".sje", "test-spark")])).Trim();
}
