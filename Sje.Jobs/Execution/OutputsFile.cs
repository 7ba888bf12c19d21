using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Jobs.Execution;

/// <summary>
/// The named values that a task puts out: lines <c>name=&lt;json&gt;</c> in the file <c>$SJE_OUTPUTS</c>, the last of a name counts. What
/// cannot be read costs a line in the log, never the task.
/// </summary>
internal static class OutputsFile
{
    public const int MaxBytes = 1024 * 1024;
    private const int MaxName = 100;

    /// <summary>Reads the file; nothing when the task wrote none.</summary>
    public static JsonObject Read(string path, AttemptLog log)
    {
        var outputs = new JsonObject();
        if (BoundedFile.Read(path, MaxBytes, out var tooLarge) is not { } bytes)
        {
            if (tooLarge)
            {
                log.WriteSystem($"The outputs were left out: their file is larger than {Sizes.Text(MaxBytes)}.");
            }

            return outputs;
        }

        var number = 0;
        foreach (var written in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            number++;
            var line = written.Trim();
            if (line.Length == 0)
            {
                continue;
            }

            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !ChildProtocol.IsName(line.AsSpan(0, equals), MaxName))
            {
                log.WriteSystem($"Line {number} of the outputs was left out: it is not name=<json>.");
                continue;
            }

            var name = line[..equals];
            try
            {
                outputs[name] = TaskJson.Parse(line[(equals + 1)..]);
            }
            catch (JsonException e)
            {
                log.WriteSystem(
                    $"Output '{name}' (line {number}) was left out: {e.Message} Text must stand in double quotes."
                );
            }
        }

        return outputs;
    }
}
