using Microsoft.Extensions.FileSystemGlobbing;
using Microsoft.Extensions.FileSystemGlobbing.Abstractions;
using Sje.Core.Pipelines.Components;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>Finds the files behind a source's path: one file, a pattern with <c>*</c> and <c>?</c>, or a folder of Parquet files.</summary>
internal sealed class SourceLocator(StoragePaths paths)
{
    private const int MostFiles = 10_000;

    /// <summary>At least one file, in the order of their names.</summary>
    public IReadOnlyList<string> Find(SourceFiles source)
    {
        var path = paths.Resolve(source.NodeId, source.Path);
        if (File.Exists(path))
        {
            return [path];
        }

        if (Directory.Exists(path))
        {
            return source.Csv is null
                ? Matches(source, path, "**/*.parquet")
                : throw PipelineFailure.Invalid(
                    $"node {source.NodeId}: {source.Path} is a folder; write {source.Path.TrimEnd('/')}/*.csv"
                );
        }

        var wild = path.IndexOfAny(['*', '?']);
        if (wild < 0)
        {
            throw PipelineFailure.Error($"node {source.NodeId}: there is no file {source.Path} under {paths.Root}");
        }

        var folder = path[..path.LastIndexOf('/', wild)];
        return Matches(source, folder.Length == 0 ? "/" : folder, path[(folder.Length + 1)..]);
    }

    private List<string> Matches(SourceFiles source, string folder, string pattern)
    {
        var found = Directory.Exists(folder)
            ? new Matcher(StringComparison.Ordinal)
                .AddInclude(pattern)
                .Execute(new DirectoryInfoWrapper(new DirectoryInfo(folder)))
                .Files.Select(f => Path.Combine(folder, f.Path))
                .Where(f => !Path.GetFileName(f).StartsWith('.') && !Path.GetFileName(f).StartsWith('_'))
                .Take(MostFiles + 1)
                .Order(StringComparer.Ordinal)
                .ToList()
            : [];
        return found.Count switch
        {
            0 => throw PipelineFailure.Error($"node {source.NodeId}: no file matches {source.Path} under {paths.Root}"),
            > MostFiles => throw PipelineFailure.Error(
                $"node {source.NodeId}: more than {MostFiles} files match {source.Path}"
            ),
            _ => [.. found.Select(f => paths.Resolve(source.NodeId, f))],
        };
    }
}
