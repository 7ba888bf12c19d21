using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>Checks every template in the settings of a job's tasks: that it can be read, and that what it refers to will be there.</summary>
internal static class TemplateChecker
{
    public static void Check(JobForm form, FaultList faults)
    {
        var parameters = form
            .Spec.Parameters.GroupBy(parameter => parameter.Name, StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.First());
        var graph = new TaskGraph(form.Spec.Tasks);
        for (var index = 0; index < form.Spec.Tasks.Count; index++)
        {
            var task = form.Spec.Tasks[index];
            var names = new KnownNames(parameters, graph, index);
            CheckTree(task.Settings, Fault.At(form.TaskPointers[index], task.Type), names, faults);
        }
    }

    private static void CheckTree(JsonNode? node, string pointer, KnownNames names, FaultList faults)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (key, value) in map)
                {
                    CheckTree(value, Fault.At(pointer, key), names, faults);
                }

                break;
            case JsonArray list:
                for (var index = 0; index < list.Count; index++)
                {
                    CheckTree(list[index], Fault.At(pointer, index), names, faults);
                }

                break;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String:
                CheckText(text.GetValue<string>(), pointer, names, faults);
                break;
            default:
                break;
        }
    }

    private static void CheckText(string text, string pointer, KnownNames names, FaultList faults)
    {
        if (!text.Contains("{{", StringComparison.Ordinal))
        {
            return;
        }

        var template = Template.Parse(text);
        foreach (var error in template.Errors)
        {
            faults.Add(pointer, FaultCodes.Template, $"Column {error.Position}: {error.Detail}");
        }

        foreach (var reference in template.References)
        {
            if (names.Problem(reference.Path) is { } problem)
            {
                faults.Add(pointer, FaultCodes.Template, $"Column {reference.Position}: {problem}");
            }
        }
    }

    /// <summary>What one task can refer to.</summary>
    private sealed class KnownNames(IReadOnlyDictionary<string, JobParameter> parameters, TaskGraph graph, int task)
    {
        private Func<string, bool>? isAncestor;

        public string? Problem(IReadOnlyList<string> path) =>
            path[0] switch
            {
                TemplatePath.Parameters => ParameterProblem(path),
                TemplatePath.Tasks => TaskProblem(path[1]),
                _ => null,
            };

        private string? ParameterProblem(IReadOnlyList<string> path)
        {
            if (!parameters.TryGetValue(path[1], out var parameter))
            {
                return $"The job declares no parameter {Excerpt.Quote(path[1])}.{NearName.Hint(path[1], parameters.Keys)}";
            }

            return path.Count > 2 && parameter.Type != "json"
                ? $"Parameter '{path[1]}' is of type {parameter.Type} and has nothing inside."
                : null;
        }

        private string? TaskProblem(string name)
        {
            isAncestor ??= graph.AncestorsOf(task);
            if (isAncestor(name))
            {
                return null;
            }

            return graph.Contains(name)
                ? $"Task {Excerpt.Quote(name)} need not have ended when this one runs; name it in 'dependsOn'."
                : $"There is no task {Excerpt.Quote(name)} in this job.{NearName.Hint(name, graph.Names)}";
        }
    }
}
