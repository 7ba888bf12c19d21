namespace Sje.Jobs.Engines.Pipeline;

/// <summary>
/// Turns the paths of a pipeline into places under the storage root, and refuses every way out of it: <c>..</c>, absolute paths
/// elsewhere, links that lead elsewhere, other schemes than files.
/// </summary>
internal sealed class StoragePaths
{
    private const int MostLinks = 40;

    public StoragePaths(string root) => Root = RealPath(Path.GetFullPath(root));

    /// <summary>The root with links resolved, which is what DuckDB compares with.</summary>
    public string Root { get; }

    /// <summary>The full path that a node's path means.</summary>
    public string Resolve(string node, string path)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
        {
            throw PipelineFailure.Invalid($"node {node}: the path is empty or holds a NUL character");
        }

        if (path.Contains("://", StringComparison.Ordinal))
        {
            throw PipelineFailure.Invalid(
                $"node {node}: the path {path} is an address; only files under the storage root can be read and written yet"
            );
        }

        var full = Path.GetFullPath(Path.Combine(Root, path));
        return IsInside(full) && IsInside(RealPath(full))
            ? RealPath(full)
            : throw PipelineFailure.Invalid($"node {node}: the path {path} leads out of the storage root {Root}");
    }

    /// <summary>The path as the user would write it.</summary>
    public string Relative(string full) => Path.GetRelativePath(Root, full);

    private bool IsInside(string full) =>
        full == Root
        || full.StartsWith(Root.EndsWith('/') ? Root : Root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>Resolves links in every part of a path; parts that do not exist yet stay as they are.</summary>
    private static string RealPath(string path)
    {
        var links = 0;
        var rest = new Stack<string>(
            path.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse()
        );
        var done = Path.DirectorySeparatorChar.ToString();
        while (rest.TryPop(out var part))
        {
            if (part == "..")
            {
                done = Path.GetDirectoryName(done) ?? done;
                continue;
            }

            var next = Path.Combine(done, part);
            if (part == "." || new FileInfo(next).LinkTarget is not { } target)
            {
                done = part == "." ? done : next;
                continue;
            }

            if (++links > MostLinks)
            {
                throw PipelineFailure.Invalid($"the path {path} goes through more than {MostLinks} links");
            }

            done = Path.IsPathRooted(target) ? Path.DirectorySeparatorChar.ToString() : done;
            foreach (
                var piece in target.Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries).Reverse()
            )
            {
                rest.Push(piece);
            }
        }

        return done;
    }
}
