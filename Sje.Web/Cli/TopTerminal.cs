using System.Globalization;
using System.Text;

namespace Sje.Web.Cli;

/// <summary>
/// The terminal of <c>sje top</c>: a screen of its own that is left as it was found. Only lines that have changed are written, all at once, so that
/// nothing flickers and a slow link has little to carry.
/// </summary>
internal sealed class TopTerminal : IDisposable
{
    // Alternate screen, no cursor, no wrapping at the edge; and all of it back.
    private const string Enter = "\e[?1049h\e[?25l\e[?7l\e[2J";
    private const string Leave = "\e[?7h\e[?25h\e[?1049l";

    // A terminal that knows it shows a frame at once (synchronized output); any other takes no notice.
    private const string Begin = "\e[?2026h";
    private const string End = "\e[?2026l";

    private readonly Stream output = Console.OpenStandardOutput();
    private IReadOnlyList<string> shown = [];
    private (int Width, int Height) size;

    public TopTerminal()
    {
        // Ctrl-C is a key here: the screen has to be given back before the process ends.
        Console.TreatControlCAsInput = true;
        Write(Enter);
    }

    /// <summary>Its size now; something sensible where it does not tell.</summary>
    public static (int Width, int Height) Size =>
        (
            Console.WindowWidth is > 0 and var width ? width : 80,
            Console.WindowHeight is > 0 and var height ? height : 24
        );

    /// <summary>Shows a frame.</summary>
    public void Show(IReadOnlyList<string> lines, (int Width, int Height) now)
    {
        var changes = Changes(now == size ? shown : null, lines, now.Width);
        (shown, size) = (lines, now);
        if (changes.Length > 0)
        {
            Write(Begin + changes + End);
        }
    }

    /// <summary>What turns one frame into the next; without one before, the screen is wiped first.</summary>
    internal static string Changes(IReadOnlyList<string>? before, IReadOnlyList<string> lines, int width)
    {
        var text = new StringBuilder(before is null ? "\e[2J" : "");
        for (var i = 0; i < lines.Count; i++)
        {
            if (before is null || i >= before.Count || before[i] != lines[i])
            {
                text.Append(CultureInfo.InvariantCulture, $"\e[{i + 1};1H{lines[i]}\e[0m");
                // Behind a line that fills the terminal the cursor still stands on its last letter, and would take that away.
                if (TopScreen.WidthOf(TopScreen.Plain(lines[i])) < width)
                {
                    text.Append("\e[K");
                }
            }
        }

        return text.ToString();
    }

    public void Dispose()
    {
        Write(Leave);
        Console.TreatControlCAsInput = false;
        output.Dispose();
    }

    private void Write(string text)
    {
        output.Write(Encoding.UTF8.GetBytes(text));
        output.Flush();
    }
}
