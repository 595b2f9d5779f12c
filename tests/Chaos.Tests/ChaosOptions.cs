namespace Tollgate.Chaos.Tests;

/// <summary>One run of the harness.</summary>
/// <param name="Duration">Of load and faults; start, settling and audit come on top.</param>
/// <param name="Clients">Calls in flight at most.</param>
/// <param name="Gap">Mean time between two faults.</param>
/// <param name="Folder">Data and logs of all parts.</param>
internal sealed record ChaosOptions(TimeSpan Duration, int Seed, int Gateways, int Workers, int Clients, TimeSpan Gap, string Folder);
