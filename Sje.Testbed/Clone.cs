namespace Sje.Testbed;

/// <summary>The clone of the repository that the running program was built in.</summary>
internal static class Clone
{
    /// <summary>Its folder.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Sje.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"no Sje.sln above {AppContext.BaseDirectory}");
    }
}
