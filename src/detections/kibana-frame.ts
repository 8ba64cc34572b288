import { z } from 'zod';

/*
 * How a rule is kept in Kibana, as its file may say it. What the file says is kept in step; what it leaves out is the analysts'.
 * An action has the form of the API (`RuleAction`); what its `params` hold is the business of the connector.
 */

const text = z.string().trim().min(1);
const map = z.record(z.string(), z.unknown());

const frequency = z
  .strictObject({
    summary: z.boolean(),
    notifyWhen: z.enum(['onActiveAlert', 'onThrottleInterval', 'onActionGroupChange']),
    throttle: z
      .string()
      .regex(/^(no_actions|rule|[1-9]\d*[smhd])$/, 'must be a duration such as 1h, or null')
      .nullable(),
  })
  .refine(({ notifyWhen, throttle }) => notifyWhen !== 'onThrottleInterval' || throttle !== null, {
    path: ['throttle'],
    message: 'must be a duration such as 1h where notifyWhen is onThrottleInterval',
  });

const action = z.strictObject({
  action_type_id: text.regex(/^\./, 'must be the type of a connector, such as .email or .slack'),
  id: text,
  group: text.optional(),
  params: map,
  frequency: frequency.optional(),
  alerts_filter: map.optional(),
  uuid: text.optional(),
});

export const kibanaSchema = z.strictObject({
  enabled: z.boolean().optional(),
  actions: z.array(action).optional(),
});

/** What Kibana does when a rule alerts: `RuleAction` of its API. */
export type RuleAction = z.infer<typeof action>;
