using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>Reports from a child to its worker: lines of the child protocol on standard output, checkpoints by file.</summary>
internal sealed class ChildReporter(Stream output, string? checkpointFile) : ITaskReporter
{
    private readonly Lock gate = new();

    public void Log(LogStream stream, string line)
    {
        foreach (var part in line.Split('\n'))
        {
            Write(ChildProtocol.Log(stream, part.TrimEnd('\r')));
        }
    }

    public void Progress(double fraction, string? message) => Write(ChildProtocol.Progress(fraction, message));

    public void Metric(string name, double value) => Write(ChildProtocol.Metric(name, value));

    public void Checkpoint(JsonNode checkpoint)
    {
        if (checkpointFile is null)
        {
            throw new InvalidOperationException(
                "SJE_CHECKPOINT_OUT is not set, so there is nowhere to put a checkpoint."
            );
        }

        lock (gate)
        {
            var draft = checkpointFile + ".draft";
            File.WriteAllText(draft, checkpoint.ToJsonString());
            File.Move(draft, checkpointFile, overwrite: true);
        }
    }

    private void Write(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        lock (gate)
        {
            // One write for a line, not buffered: what was said before a crash is said.
            output.Write(bytes);
        }
    }
}
