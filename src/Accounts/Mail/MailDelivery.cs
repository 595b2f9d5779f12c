using Tollgate.Accounts.Outbox;


namespace Tollgate.Accounts.Mail;

/// <summary>Sends the letters in the outbox.</summary>
internal sealed class MailDelivery(IMailer mailer, SealedPayloads payloads) : IOutboxReceiver
{
    /// <exception cref="System.Security.Cryptography.CryptographicException">The key that sealed the letter is lost.</exception>
    public async Task<bool> TakeAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        await mailer.SendAsync(payloads.Open<Letter>(message.Payload!), cancellationToken);
        return true;
    }
}
