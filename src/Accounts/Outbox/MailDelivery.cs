using System.Security.Cryptography;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Users;

namespace Tollgate.Accounts.Outbox;

/// <summary>Delivers what leads to a mail: the mail itself, and the sign-ups and forgotten passwords that a page only wrote down.</summary>
internal sealed partial class MailDelivery(
    IMailer mailer, Registration registration, PasswordRecovery recovery, SealedPayloads payloads, ILogger<MailDelivery> logger)
{
    /// <summary>True when the message is to be struck off; false when that is done already, in a transaction with what it led to.</summary>
    public async Task<bool> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        try
        {
            switch (message.Kind)
            {
                case OutboxKind.SignUp:
                    await registration.CompleteSignUpAsync(payloads.Open<SignUpOrder>(message.Payload!), message.Id, cancellationToken);
                    return false;
                case OutboxKind.PasswordReset:
                    await recovery.CompleteAsync(payloads.Open<ForgottenPassword>(message.Payload!), message.Id, cancellationToken);
                    return false;
                default:
                    await mailer.SendAsync(payloads.Open<Letter>(message.Payload!), cancellationToken);
                    return true;
            }
        }
        catch (CryptographicException exception)
        {
            // Nothing will ever open it, and the links inside would not work either.
            LogUnreadable(logger, message.Kind, exception.Message);
            return true;
        }
    }

    [LoggerMessage(1, LogLevel.Error, "A {Kind} message cannot be opened and is dropped: were the peppers changed? {Reason}")]
    private static partial void LogUnreadable(ILogger logger, OutboxKind kind, string reason);
}
