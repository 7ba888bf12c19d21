using System.Text;

namespace Sje.Jobs.Engines.Spark.Clusters;

/// <summary>Cuts what was read of a log into lines.</summary>
internal static class SparkLogLines
{
    /// <summary>
    /// The whole lines in the bytes, and how many bytes they take. What comes after the last line break is left for the next look, unless
    /// <paramref name="all"/> says that there is none, or it is longer than <paramref name="longest"/>.
    /// </summary>
    public static int Take(ReadOnlySpan<byte> bytes, bool all, int longest, out List<string> lines)
    {
        lines = [];
        var taken = 0;
        while (taken < bytes.Length)
        {
            var end = bytes[taken..].IndexOf((byte)'\n');
            if (end < 0)
            {
                if (all || bytes.Length - taken >= longest)
                {
                    lines.Add(Text(bytes[taken..]));
                    taken = bytes.Length;
                }

                break;
            }

            lines.Add(Text(bytes.Slice(taken, end)));
            taken += end + 1;
        }

        return taken;
    }

    private static string Text(ReadOnlySpan<byte> line) => Encoding.UTF8.GetString(line).TrimEnd('\r');
}
