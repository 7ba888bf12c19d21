using Sje.Testbed;

namespace Sje.Tests.Support.Clusters;

/// <summary>A YARN of a test class's own. Use as a class fixture.</summary>
public sealed class YarnNodes : YarnDaemons, IAsyncLifetime;
