namespace Sje.Tests.Support;

/// <summary>Finds files of the repository from wherever the tests were built to.</summary>
internal static class RepositoryFiles
{
    public static string Root => Testbed.Clone.Root;

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>The sample data in <c>data/</c>; without it the test is skipped, or fails where nothing may be skipped.</summary>
    public static string SampleData(string name)
    {
        var path = Path("data", name);
        if (!File.Exists(path))
        {
            var reason = $"{path} is not there: ./sje up fetches the sample data";
            Assert.False(Environment.GetEnvironmentVariable("SJE_TEST_REQUIRE") == "1", reason);
            Assert.Skip(reason);
        }

        return path;
    }
}
