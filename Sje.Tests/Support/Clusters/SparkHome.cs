using Sje.Testbed;

namespace Sje.Tests.Support.Clusters;

/// <summary>The real Spark of the tests. Without it a test is skipped, or fails where nothing may be skipped.</summary>
internal static class SparkHome
{
    /// <summary>Its folder.</summary>
    public static Task<string> PathAsync() => SparkDistribution.PathAsync();

    /// <summary>A file of the folder with clusters for tests (<c>SJE_TEST_SHARED</c>).</summary>
    public static string Shared(params string[] parts) => SparkDistribution.Shared(parts);

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort() => SparkDistribution.FreePort();

    /// <summary>Compiles one Java file against Spark and packs it into a jar, whose path is returned.</summary>
    public static Task<string> CompileAsync(string source, string folder, string? mainClass = null) =>
        SparkDistribution.CompileAsync(source, folder, mainClass);

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    public static Task<string> RunAsync(string program, IReadOnlyList<string> words) =>
        SparkDistribution.RunAsync(program, words);
}
