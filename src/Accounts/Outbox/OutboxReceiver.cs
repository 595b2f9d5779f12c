namespace Tollgate.Accounts.Outbox;

/// <summary>Receives the outbox's messages of one kind. The slice that sends a kind registers its receiver.</summary>
internal interface IOutboxReceiver
{
    /// <summary>Takes a message. May be called twice for the same message.</summary>
    /// <returns>
    /// True when the outbox must delete the message. False when the receiver has deleted it in the same transaction as its effects.
    /// </returns>
    Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken);
}

/// <summary>Registers receivers.</summary>
internal static class OutboxReceivers
{
    /// <summary>Routes messages of a kind to a scoped service.</summary>
    public static void AddOutboxReceiver<TReceiver>(this IServiceCollection services, OutboxKind kind)
        where TReceiver : IOutboxReceiver =>
        services.AddKeyedScoped<IOutboxReceiver>(kind, (scope, _) => scope.GetRequiredService<TReceiver>());
}
