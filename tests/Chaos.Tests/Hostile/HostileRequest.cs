namespace Tollgate.Chaos.Tests.Hostile;

/// <summary>How a hostile client ends its side of the connection once everything is written.</summary>
internal enum Ending
{
    /// <summary>It reads until the server closes, or says nothing more.</summary>
    Read,

    /// <summary>It says that it will send no more, in the middle of its request, and reads on.</summary>
    HalfClose,

    /// <summary>It resets the connection at once.</summary>
    Reset,
}

/// <summary>Bytes for one connection.</summary>
/// <param name="Kind">Such as <c>chunked lies</c>; a line of the table.</param>
/// <param name="Parts">Written one after the other.</param>
/// <param name="Pause">Between two parts: a slow writer. Zero writes at once.</param>
/// <param name="MustSucceed">An honest call in between, which must be answered 200.</param>
internal sealed record HostileRequest(
    string Kind, IReadOnlyList<ReadOnlyMemory<byte>> Parts, Ending Ending = Ending.Read, TimeSpan Pause = default,
    bool MustSucceed = false);
