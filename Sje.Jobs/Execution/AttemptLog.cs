using System.Text;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>
/// The log of one attempt on its way to the reporter: counts it, cuts it at the limit with a line that says so, and keeps the last
/// lines for the error. Thread-safe.
/// </summary>
internal sealed class AttemptLog(ITaskReporter reporter, long maxBytes)
{
    private const int TailLines = 50;
    private const int TailBytes = 8 * 1024;

    private readonly Lock gate = new();
    private readonly Queue<string> tail = new(TailLines);
    private long bytes;
    private bool cut;

    /// <summary>A line of the task.</summary>
    public void Write(LogStream stream, string line)
    {
        bool cutNow;
        lock (gate)
        {
            if (tail.Count == TailLines)
            {
                tail.Dequeue();
            }

            tail.Enqueue(line);
            if (this.cut)
            {
                return;
            }

            // Characters are counted, not bytes: a limit against floods need not be exact.
            bytes += line.Length + 1;
            cutNow = this.cut = bytes > maxBytes;
        }

        if (cutNow)
        {
            reporter.Log(
                LogStream.System,
                $"The log is cut here: it has reached its limit of {Sizes.Text(maxBytes)} (execution.maxLogBytes). The task goes on."
            );
        }
        else
        {
            reporter.Log(stream, line);
        }
    }

    /// <summary>A line of ours about the task; never cut, never part of the tail.</summary>
    public void WriteSystem(string line) => reporter.Log(LogStream.System, line);

    /// <summary>The last lines, as many as fit into 8 KiB; null when the task wrote nothing.</summary>
    public string? Tail()
    {
        lock (gate)
        {
            if (tail.Count == 0)
            {
                return null;
            }

            var lines = new List<string>();
            var room = TailBytes;
            foreach (var line in tail.Reverse())
            {
                var size = Encoding.UTF8.GetByteCount(line) + 1;
                if (size > room)
                {
                    // The end of the line that no longer fits as a whole, if not even one did.
                    if (lines.Count == 0)
                    {
                        lines.Add(EndOf(line, room / 4));
                    }

                    break;
                }

                room -= size;
                lines.Add(line);
            }

            lines.Reverse();
            return string.Join('\n', lines);
        }
    }

    private static string EndOf(string line, int characters)
    {
        var start = line.Length - characters;
        return char.IsLowSurrogate(line[start]) ? line[(start + 1)..] : line[start..];
    }
}
