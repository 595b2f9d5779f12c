using Microsoft.Extensions.Logging;

namespace Tollgate.ServiceDefaults.Tests.Work;

/// <summary>Keeps log lines as <c>Level: text</c>.</summary>
internal sealed class LogLines : ILogger
{
    public List<string> Texts { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Texts.Add($"{logLevel}: {formatter(state, exception)}");
}
