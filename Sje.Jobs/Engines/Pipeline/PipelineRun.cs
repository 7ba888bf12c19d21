using System.Text.Json.Nodes;
using DuckDB.NET.Data;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Compilers.DuckDb;
using Sje.Core.Pipelines.Components;

namespace Sje.Jobs.Engines.Pipeline;

using Pipeline = Sje.Core.Pipelines.Ir.Pipeline;

/// <summary>One run of one pipeline: look at the sources, compile, shut the database in, run, publish.</summary>
internal sealed class PipelineRun(EngineContext context, Pipeline pipeline, TimeProvider clock)
{
    private const int PreviewRows = 100;

    private readonly StoragePaths paths = new(context.StorageRoot);
    private readonly Dictionary<string, long> fileRows = [];

    public async Task<EngineResult> RunAsync(CancellationToken stop)
    {
        var sinks = pipeline.Sinks().Select(s => new SinkTarget(s, paths, context.Identity)).ToList();
        if (sinks.GroupBy(s => s.Target).FirstOrDefault(g => g.Count() > 1) is { } same)
        {
            throw PipelineFailure.Invalid(
                $"the nodes {string.Join(" and ", same.Select(s => s.NodeId))} write to the same path {paths.Relative(same.Key)}"
            );
        }

        using var session = DuckDbSession.Open(context.Resources, context.WorkingDirectory, clock);
        var sources = Bind(session);
        var script = Compile(sources, sinks);
        var counters = new RowCounters(script.Rows.Values.OfType<RowsCounted>().Count());
        counters.Register(session.Connection);
        try
        {
            sinks.ForEach(s => s.Prepare());
            session.Lock(
                sources
                    .Values.SelectMany(s => s.Files)
                    .Select(f => Path.GetDirectoryName(f)!)
                    .Concat(sinks.Select(s => s.Folder))
            ); // files have folders
            var counts = await RunAsync(session, script, sinks, stop);
            var preview = Preview(session, script, sinks);
            stop.ThrowIfCancellationRequested();
            foreach (var sink in sinks.Where(s => !s.Skipped))
            {
                sink.Publish();
            }

            return Result(new NodeRows(pipeline, script, counts, fileRows, counters), sinks, preview);
        }
        finally
        {
            sinks.ForEach(s => s.Discard());
        }
    }

    private Dictionary<string, SourceBinding> Bind(DuckDbSession session)
    {
        var locator = new SourceLocator(paths);
        var bindings = new Dictionary<string, SourceBinding>();
        foreach (var source in pipeline.Sources())
        {
            var files = locator.Find(source);
            try
            {
                bindings[source.NodeId] = source.Csv is { } format
                    ? new SourceBinding(
                        files,
                        source.Declared ?? CsvSampler.Sample(source.NodeId, files[0], format),
                        new HashSet<string>()
                    )
                    : ParquetSchema.Read(session, source.NodeId, files, source.Merge);
                if (source.Csv is null)
                {
                    fileRows[source.NodeId] = ParquetSchema.Rows(session, files);
                }
            }
            catch (DuckDBException e)
            {
                throw DuckDbErrors.Describe(e, source.NodeId);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                throw PipelineFailure.Error($"node {source.NodeId}: {source.Path} cannot be read: {e.Message}");
            }
        }

        return bindings;
    }

    private DuckDbScript Compile(Dictionary<string, SourceBinding> sources, List<SinkTarget> sinks)
    {
        var faults = new List<Fault>();
        try
        {
            return DuckDbCompiler.Compile(
                    pipeline,
                    sources,
                    sinks.ToDictionary(s => s.NodeId, s => s.Staging),
                    context.Parameters,
                    context.Scope,
                    faults
                ) ?? throw PipelineFailure.Invalid(string.Join("; ", faults.Select(f => f.Detail)));
        }
        catch (StatementTooLongException e)
        {
            throw PipelineFailure.Invalid(e.Message);
        }
    }

    private async Task<Dictionary<string, long>> RunAsync(
        DuckDbSession session,
        DuckDbScript script,
        List<SinkTarget> sinks,
        CancellationToken stop
    )
    {
        var counts = new Dictionary<string, long>();
        var statements = script.Statements.Where(s => !sinks.Any(t => t.NodeId == s.NodeId && t.Skipped)).ToList();
        for (var i = 0; i < statements.Count; i++)
        {
            var (node, done) = (statements[i].NodeId, (double)i);
            Report(done / statements.Count, node);
            try
            {
                var rows = await session.RunAsync(
                    statements[i].Sql,
                    part => Report((done + part) / statements.Count, node),
                    stop
                );
                counts[node] = statements[i].Output is null ? session.Count(node) : rows;
            }
            catch (DuckDBException e)
            {
                throw DuckDbErrors.Describe(e, node);
            }
        }

        return counts;
    }

    private void Report(double fraction, string node) => context.Reporter.Progress(fraction, node);

    private static JsonArray Preview(DuckDbSession session, DuckDbScript script, List<SinkTarget> sinks)
    {
        var previews = new JsonArray();
        foreach (var statement in script.Statements)
        {
            if (
                statement.Output is not { } output
                || sinks.Find(s => s.NodeId == statement.NodeId) is not { Skipped: false } sink
            )
            {
                continue;
            }

            var files = sink.StagedFiles();
            previews.Add(
                new JsonObject
                {
                    ["name"] = statement.NodeId,
                    ["columns"] = ResultRows.Columns(output.Schema),
                    ["rows"] =
                        files.Count == 0
                            ? new JsonArray()
                            : ResultRows.Read(session, output.Preview(files, PreviewRows), output.Schema),
                }
            );
        }

        return previews;
    }

    private EngineResult Result(NodeRows rows, List<SinkTarget> sinks, JsonArray preview)
    {
        var outputs = new JsonObject();
        foreach (var sink in sinks)
        {
            outputs[sink.NodeId] = new JsonObject
            {
                ["path"] = paths.Relative(sink.Target),
                ["rows"] = sink.Skipped ? 0 : rows.Out(sink.NodeId),
            };
            if (sink.Skipped)
            {
                outputs[sink.NodeId]!["skipped"] = true;
            }
        }

        context.Reporter.Progress(1, null);
        context.Reporter.Metric("rows_in", pipeline.Sources().Sum(s => (double)(rows.Out(s.NodeId) ?? 0)));
        context.Reporter.Metric("rows_out", sinks.Where(s => !s.Skipped).Sum(s => (double)(rows.Out(s.NodeId) ?? 0)));
        return new EngineResult
        {
            Outputs = outputs,
            Preview = preview,
            Parts = rows.Parts(),
        };
    }
}
