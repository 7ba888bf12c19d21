using Sje.Testbed;

namespace Sje.Tests.Support.Clusters;

/// <summary>A standalone cluster of a test class's own. Use as a class fixture.</summary>
public sealed class StandaloneSpark : StandaloneNodes, IAsyncLifetime;
