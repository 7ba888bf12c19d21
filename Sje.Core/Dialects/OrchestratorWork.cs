using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Reads the <c>job_data</c> of the job orchestrator: what a job works on, and how.</summary>
internal static class OrchestratorWork
{
    private static readonly string[] Operations = ["filter", "groupby", "select"];

    /// <summary>A script, as the command of a process.</summary>
    public static void ReadScript(Fields data, JsonObject job, PointerMap places)
    {
        var command = new JsonArray(data.Text("interpreter") ?? "python");
        places.Add("/process", data.Pointer);
        places.Add("/process/command", data.At("script_path"));
        places.Add("/process/command/0", data.At("interpreter"));
        places.AddTree("/process/env", data.At("environment_vars"));
        places.Add("/process/workingDirectory", data.At("working_directory"));
        command.Add(data.Text("script_path"));
        var arguments = data.List("script_args") ?? [];
        for (var index = 0; index < arguments.Count; index++)
        {
            places.Add(Fault.At("/process/command", command.Count), Fault.At(data.At("script_args"), index));
            command.Add(arguments[index]?.DeepClone());
        }

        var process = new JsonObject { ["command"] = command };
        if (data.Object("environment_vars") is { Count: > 0 } variables)
        {
            process["env"] = variables.DeepClone();
        }

        if (data.Text("working_directory") is { } folder)
        {
            process["workingDirectory"] = folder;
        }

        job["type"] = "process";
        job["process"] = process;
    }

    /// <summary>Files in, transformations, files out.</summary>
    public static Flow ReadFlow(Fields data, FaultList faults)
    {
        var flow = new Flow(faults);
        var files = new FileEnds(faults);
        var source = new FlowStep(StepKind.Source, flow.NewId("input"), data.At("input_path"));
        flow.Steps.Add(source);
        if (End(data, "input", files) is var (path, format))
        {
            files.Read(source, path, data.At("input_path"), format, data.At("input_format"), null);
        }

        var last = source.Id;
        if (data.Map("processing_logic") is { } logic)
        {
            last = ReadLogic(logic, flow, last, faults);
            logic.RefuseOthers();
        }

        var sink = new FlowStep(StepKind.Sink, flow.NewId("output"), data.At("output_path"));
        flow.Steps.Add(sink);
        sink.Inputs.Add(("in", last, data.At("output_path")));
        if (End(data, "output", files) is var (to, into))
        {
            files.Write(sink, last, to, data.At("output_path"), into, data.At("output_format"), null);
        }

        return flow;
    }

    /// <summary>The path and the format of one end; the format is CSV unless the file or the path's ending says otherwise.</summary>
    private static (string Path, string Format)? End(Fields data, string end, FileEnds files)
    {
        var path = data.RequiredText(end + "_path");
        var written = data.Text(end + "_format");
        if (path is null || (written is null && data.Has(end + "_format")))
        {
            return null;
        }

        var format = written is not null
            ? files.Known(written, data.At(end + "_format"))
            : FileEnds.FormatOf(path) ?? "csv";
        return format is null ? null : (path, format);
    }

    private static string ReadLogic(Fields logic, Flow flow, string last, FaultList faults)
    {
        var rows = new RowSteps(QuoteRule.TextsInDoubleQuotes, faults);
        var columns = new ColumnSteps(QuoteRule.TextsInDoubleQuotes, faults);
        var aggregation = new AggregationStep(faults);
        foreach (var fields in Flow.Objects(logic, "transformations", faults))
        {
            if (fields.RequiredText("type") is not { } type)
            {
                continue;
            }

            var word = type.ToLowerInvariant();
            if (!Operations.Contains(word))
            {
                faults.Add(
                    fields.At("type"),
                    FaultCodes.InvalidValue,
                    $"There is no transformation {Excerpt.Quote(type)}.{NearName.Hint(word, Operations)} There are {string.Join(", ", Operations)}."
                );
                continue;
            }

            var step = new FlowStep(StepKind.Transformation, flow.NewId(word), fields.Pointer);
            flow.Steps.Add(step);
            switch (word)
            {
                case "filter":
                    rows.Filter(step, last, fields);
                    break;
                case "groupby":
                    FieldTexts.Required(fields, "columns");
                    aggregation.Read(step, last, fields, "columns", countsAlone: true);
                    break;
                default:
                    columns.Select(step, last, fields);
                    break;
            }

            fields.RefuseOthers();
            last = step.Id;
        }

        return last;
    }
}
