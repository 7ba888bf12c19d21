using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Sje.Core.Jobs;
using Sje.Jobs;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Sje.Tests.Unit.Architecture;

/// <summary>The arrows of the design: Web -> Jobs -> Core; what knows Hangfire, DuckDB and HTTP; no circle between rooms.</summary>
public class ArrowTests
{
    private static readonly ArchUnitNET.Domain.Architecture Code = new ArchLoader()
        .LoadAssemblies(
            typeof(StateMachine).Assembly,
            typeof(SjeServices).Assembly,
            typeof(Sje.Web.Hosting.SjeApplication).Assembly
        )
        .Build();

    [Fact]
    public void Core_knows_nothing_of_Jobs_and_Web() =>
        Types()
            .That()
            .ResideInAssembly(typeof(StateMachine).Assembly)
            .Should()
            .NotDependOnAny(Types().That().ResideInNamespaceMatching("^Sje\\.(Jobs|Web)"))
            .Check(Code);

    [Fact]
    public void Jobs_knows_nothing_of_Web() =>
        Types()
            .That()
            .ResideInAssembly(typeof(SjeServices).Assembly)
            .Should()
            .NotDependOnAny(Types().That().ResideInNamespaceMatching("^Sje\\.Web"))
            .Check(Code);

    [Theory]
    [InlineData("Hangfire", "^Sje\\.(Jobs\\.Background|Web\\.Dashboard)")]
    [InlineData("DuckDB", "^Sje\\.Jobs\\.Engines\\.Pipeline")]
    [InlineData("k8s", "^Sje\\.Jobs\\.Engines\\.Spark\\.Kubernetes")]
    [InlineData("CliWrap", "^Sje\\.(Jobs\\.Execution|Web\\.(Hosting|Cli))")]
    public void A_library_stays_in_its_room(string library, string room)
    {
        var strangers = Code
            .Types.Where(t => t.FullName.StartsWith("Sje.", StringComparison.Ordinal))
            .Where(t => !System.Text.RegularExpressions.Regex.IsMatch(t.Namespace.FullName, room))
            .Where(t => t.Dependencies.Any(d => d.Target.FullName.StartsWith(library + ".", StringComparison.Ordinal)))
            .Where(t => !IsTheMigrator(t))
            .Select(t => t.FullName)
            .Order();

        Assert.Empty(strangers);
    }

    [Theory]
    [InlineData("Npgsql")]
    [InlineData("System.Net.Http")]
    [InlineData("System.Diagnostics.Process")]
    [InlineData("Microsoft.AspNetCore")]
    [InlineData("Microsoft.EntityFrameworkCore")]
    public void Core_does_no_input_or_output(string what)
    {
        var strangers = Code
            .Types.Where(t => t.FullName.StartsWith("Sje.Core.", StringComparison.Ordinal))
            .Where(t => t.Dependencies.Any(d => d.Target.FullName.StartsWith(what, StringComparison.Ordinal)))
            .Select(t => t.FullName);

        Assert.Empty(strangers);
    }

    // A room is a namespace; at depth 3 the rooms of one subject (Sje.Jobs.Engines and below) count as one.
    [Theory]
    [InlineData("Sje.Core", 3)]
    [InlineData("Sje.Core", int.MaxValue)]
    [InlineData("Sje.Jobs", 3)]
    [InlineData("Sje.Jobs", int.MaxValue)]
    [InlineData("Sje.Web", 3)]
    [InlineData("Sje.Web", int.MaxValue)]
    public void The_rooms_form_no_circle(string assembly, int depth)
    {
        var uses = Code
            .Types.SelectMany(t =>
                t.Dependencies.Select(d =>
                    (
                        From: Room(t, assembly, depth),
                        To: Room(d.Target, assembly, depth),
                        Why: $"{t.Name} uses {d.Target.Name}"
                    )
                )
            )
            .Where(u => u.From is not null && u.To is not null && u.From != u.To)
            .Select(u => (From: u.From!, To: u.To!, u.Why))
            .Distinct()
            .ToList();
        var arrows = uses.Select(u => (u.From, u.To)).Distinct().ToLookup(a => a.From, a => a.To);
        var reachable = arrows.ToDictionary(a => a.Key, a => Reachable(a.Key, arrows));

        var circular = uses.Where(u => reachable.TryGetValue(u.To, out var beyond) && beyond.Contains(u.From))
            .Select(u => $"{u.From} -> {u.To}: {u.Why}")
            .Order(StringComparer.Ordinal)
            .ToList();

        Assert.NotEmpty(uses);
        Assert.True(circular.Count == 0, string.Join(Environment.NewLine, circular));
    }

    // Hangfire's schema is made where ours is.
    private static bool IsTheMigrator(IType type) => type.Name.StartsWith("Migrator", StringComparison.Ordinal);

    private static string? Room(IType type, string assembly, int depth) =>
        type.Namespace?.FullName is { } name
        && (name == assembly || name.StartsWith(assembly + ".", StringComparison.Ordinal))
            ? string.Join('.', name.Split('.').Take(depth))
            : null;

    private static HashSet<string> Reachable(string from, ILookup<string, string> arrows)
    {
        var seen = new HashSet<string>();
        var open = new Stack<string>(arrows[from]);
        while (open.TryPop(out var room))
        {
            if (seen.Add(room))
            {
                foreach (var next in arrows[room])
                {
                    open.Push(next);
                }
            }
        }

        return seen;
    }
}
