using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

/// <summary>Whatever the bytes are, the reader answers: a job without faults, or faults without a job.</summary>
public class JobReaderFuzzTests
{
    private static readonly string[] Good =
    [
        """
            name: graph
            description: |
              two
              lines
            jobId: x
            priority: high
            parameters: {day: {type: date, default: 2024-05-01}, n: 5, s: "a\tb"}
            retry: {policy: fixed, maxAttempts: 5, initialDelay: 500ms, maxDelay: 2m}
            timeouts: {queued: 1h, run: 1h30m, total: 2h}
            resources: {cpus: 1.5, memory: 1GiB, labels: [linux, gpu]}
            notify: {}
            tasks:
              - {name: a, type: process, process: {command: [x, "{{ parameters.day }}"], env: {A: b}}}
              - {name: b, type: noop, dependsOn: [a], noop: {v: "{{ tasks.a.outputs.rows }}"}}
            """,
        """{"jobId": "1", "jobType": "SparkApp", "sparkAppPath": "a.jar", "parameters": {"a": 1, "b": "\u00e9\ud83d\ude00"}, "dependencies": ["x.py"]}""",
        """{"type": "process", "process": {"command": "echo", "workingDirectory": "a/b"}, "tags": ["x", "y"], "priority": -5, "resources": {"memory": 1024}}""",
    ];

    private static readonly string[] Pieces =
    [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "'",
        "\n",
        "  ",
        "- ",
        "? ",
        "&a",
        "*a",
        "!t",
        "|",
        ">",
        "%",
        "#",
        "{{",
        "}}",
        "\\u0000",
        "\\ud800",
        "null",
        "-1",
        "1e999",
        "99999999999999999999",
        "~",
        "\t",
        "\r",
        "\0",
        "é",
        "\\",
        "---",
        "...",
        "<<",
        "true",
        ".inf",
        "@",
        "`",
        "\uFEFF",
    ];

    [Fact]
    public void Random_bytes_never_make_the_reader_throw() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), AssertAnswers)
        );

    [Fact]
    public void Random_text_never_makes_the_reader_throw() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text => AssertAnswers(Encoding.UTF8.GetBytes(text ?? "")))
        );

    [Fact]
    public void Random_pieces_of_notation_never_make_the_reader_throw() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(1_000),
            Prop.ForAll(
                Gen.Elements(Pieces).ListOf().ToArbitrary(),
                pieces => AssertAnswers(Encoding.UTF8.GetBytes(string.Concat(pieces)))
            )
        );

    [Fact]
    public void A_good_file_with_random_damage_never_makes_the_reader_throw() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(1_500),
            Prop.ForAll(
                ArbMap.Default.ArbFor<int>(),
                seed =>
                    AssertAnswers(
                        Damage(Encoding.UTF8.GetBytes(Good[(seed & int.MaxValue) % Good.Length]), new Random(seed))
                    )
            )
        );

    private static byte[] Damage(byte[] good, Random random)
    {
        var bytes = new List<byte>(good);
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }

            if (bytes.Count == 0)
            {
                break;
            }
        }

        return [.. bytes];
    }

    private static void AssertAnswers(byte[] bytes)
    {
        foreach (var format in Enum.GetValues<JobFormat>())
        {
            var result = Reading.Reader.Read(bytes, format);
            Assert.Equal(result.Failure == JobReadFailure.None, result.Spec is not null);
            Assert.Equal(result.Failure == JobReadFailure.None, result.Faults.Count == 0);
            Assert.All(
                result.Faults,
                fault => Assert.True(fault.Pointer.Length == 0 || fault.Pointer[0] == '/', fault.Pointer)
            );
        }
    }
}
