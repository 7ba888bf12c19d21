using Sje.Core.Jobs;
using Sje.Core.Pipelines.Components;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>
/// Where a sink writes. Rows go to a staging file or folder beside the target, which takes the target's place when all is
/// written: a run that fails or is stopped leaves the old target as it was, and nothing else.
/// </summary>
internal sealed class SinkTarget
{
    private readonly SinkFiles sink;
    private readonly string path;
    private readonly List<string> createdFolders = [];

    public SinkTarget(SinkFiles sink, StoragePaths paths, AttemptIdentity identity)
    {
        this.sink = sink;
        path = paths.Resolve(sink.NodeId, sink.Path.TrimEnd('/'));
        if (path == paths.Root)
        {
            throw PipelineFailure.Invalid($"node {sink.NodeId}: the path {sink.Path} is the storage root itself");
        }

        Folder = Path.GetDirectoryName(path)!; // below the root
        StagingPrefix = $".{Path.GetFileName(path)}.sje-{identity.TaskId:N}-";
        Staging = Path.Combine(Folder, $"{StagingPrefix}{identity.Attempt}");
    }

    public string NodeId => sink.NodeId;

    public string Target => path;

    public string Folder { get; }

    /// <summary>What the engine writes.</summary>
    public string Staging { get; }

    /// <summary>Whether something is there and stays there, so that nothing is to be written.</summary>
    public bool Skipped { get; private set; }

    private string StagingPrefix { get; }

    /// <summary>Makes the folder, removes what an earlier attempt that was killed has left, and looks at what is there.</summary>
    public void Prepare()
    {
        var missing = Folder;
        while (!Directory.Exists(missing))
        {
            createdFolders.Add(missing);
            missing = Path.GetDirectoryName(missing)!; // the root exists
        }

        Directory.CreateDirectory(Folder);
        foreach (var left in Directory.EnumerateFileSystemEntries(Folder, StagingPrefix + "*").ToList())
        {
            Remove(left);
        }

        var exists = Path.Exists(path);
        if (exists && sink.Mode == "error")
        {
            throw PipelineFailure.Error($"node {sink.NodeId}: {sink.Path} is there already, and mode is error");
        }

        Skipped = exists && sink.Mode == "ignore";
        if (exists && !Skipped && Directory.Exists(path) && (!sink.Partitioned || !LooksWritten(path)))
        {
            throw PipelineFailure.Error(
                sink.Partitioned
                    ? $"node {sink.NodeId}: the folder {sink.Path} holds files that no sink wrote; it is not replaced"
                    : $"node {sink.NodeId}: {sink.Path} is a folder; the sink writes one file"
            );
        }
    }

    /// <summary>The files written, in the order of their names.</summary>
    public IReadOnlyList<string> StagedFiles() =>
        Directory.Exists(Staging)
            ? [.. Directory.EnumerateFiles(Staging, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
            : [Staging];

    /// <summary>Puts the staging in the target's place.</summary>
    public void Publish()
    {
        if (!Directory.Exists(Staging))
        {
            File.Move(Staging, path, overwrite: true);
            return;
        }

        var old = $"{Staging}-old";
        if (File.Exists(path))
        {
            File.Delete(path);
        }
        else if (Directory.Exists(path))
        {
            Directory.Move(path, old);
        }

        Directory.Move(Staging, path);
        Remove(old);
    }

    /// <summary>Removes the staging, and folders that were made for it and hold nothing.</summary>
    public void Discard()
    {
        Remove(Staging);
        foreach (
            var folder in createdFolders.Where(f =>
                Directory.Exists(f) && !Directory.EnumerateFileSystemEntries(f).Any()
            )
        )
        {
            Directory.Delete(folder);
        }
    }

    private static bool LooksWritten(string folder) =>
        Directory
            .EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)
            .All(e =>
                Directory.Exists(e)
                    ? Path.GetFileName(e).Contains('=', StringComparison.Ordinal)
                    : e.EndsWith(".parquet", StringComparison.Ordinal)
            );

    private static void Remove(string staged)
    {
        if (Directory.Exists(staged))
        {
            Directory.Delete(staged, recursive: true);
        }
        else
        {
            File.Delete(staged);
        }
    }
}
